"""A preview of the demo's scene in a process of its own, and Chromium to look at it."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from edge_fer.isolated import python_module

PATIENCE_S = 60.0
CONFIG = '# of the van\n[log]\nlevel = "info"  # enough\n'


def wait_for(condition: Callable[[], Any]) -> Any:
    deadline_s = time.monotonic() + PATIENCE_S
    while not (value := condition()):
        assert time.monotonic() < deadline_s
        time.sleep(0.1)
    return value


@dataclass(frozen=True)
class Preview:
    """A running `edge-fer preview --camera ...`."""

    url: str  # with the token
    process: "subprocess.Popen[str]"
    folder: Path  # of its daemon's sockets

    @property
    def config(self) -> Path:
        return self.folder.parent / "config.toml"

    @property
    def base(self) -> str:
        return self.url.partition("?")[0].rstrip("/")

    @property
    def cookie(self) -> dict[str, str]:
        port = self.base.rpartition(":")[2]
        return {f"edge_fer_{port}": self.url.partition("token=")[2]}


def start_preview(temporary: Path, *arguments: str) -> Iterator[Preview]:
    process = subprocess.Popen(
        python_module("edge_fer", "preview", "--port", "0", *arguments),
        cwd="/",
        env={
            **{name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")},
            **{"PATH": "/usr/bin:/bin", "TMPDIR": str(temporary), "HOME": str(temporary)},
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        url, lines = None, []
        while url is None:
            lines.append(process.stdout.readline())
            assert lines[-1], lines
            url = re.match(r"http://\S+", lines[-1])
        folder = wait_for(lambda: next(iter(temporary.glob("edge-fer-*")), None))
        wait_for((folder / "pictures.socket").exists)
        yield Preview(url.group(), process, folder)
    finally:
        process.terminate()
        process.wait(60)
        process.stdout.close()


@pytest.fixture(scope="module")
def preview(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Preview]:
    """The demo's scene again and again, at 20 frames a second."""
    folder = tmp_path_factory.mktemp("preview")
    (folder / "config.toml").write_text(CONFIG)
    yield from start_preview(
        folder,
        *("--camera", "demo:?loop=1&fps=20", "--config", str(folder / "config.toml")),
    )


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A headless Chromium through its own driver; skips where there is none."""
    selenium = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if browser is None or driver is None:
        pytest.skip("no Chromium here: apt install chromium chromium-driver")
    options = selenium.ChromeOptions()
    options.binary_location = browser
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1280,1000"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    made = selenium.Chrome(options=options, service=selenium.ChromeService(driver))
    made.set_page_load_timeout(PATIENCE_S)
    yield made
    made.quit()
