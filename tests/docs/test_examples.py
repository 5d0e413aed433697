"""The programs of docs/examples: each is run, and docs/api.md shows it as it is."""

import runpy
import threading
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_fer.camera.scene import Scene
from firmware_bridge.controller.port import ControllerPort
from firmware_bridge.link.link import Link
from firmware_bridge.link.schedule import Snapshot
from firmware_bridge.protocol.database import value_code
from firmware_bridge.protocol.messages import DriverRequestMessage, DriverStateMessage

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLES = REPOSITORY / "docs" / "examples"
PATIENCE_S = 60.0  # for a busy machine
ATTENTIVE = value_code("DriverState", "State", "attentive")


def main_of(name: str) -> Callable[..., None]:
    """Return the `main` of an example."""
    main: Callable[..., None] = runpy.run_path(str(EXAMPLES / f"{name}.py"))["main"]
    return main


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: str(path.stem))
def test_the_page_shows_it_as_it_is(path: Path) -> None:
    page = (REPOSITORY / "docs" / "api.md").read_text(encoding="utf-8")
    assert f"```python\n{path.read_text(encoding='utf-8')}```\n" in page


def test_there_are_six() -> None:
    names = {path.stem for path in EXAMPLES.glob("*.py")}
    assert names == {"picture", "video", "camera", "receive", "vehicle", "own_network"}


def test_picture(capsys: pytest.CaptureFixture[str]) -> None:
    main_of("picture")(str(REPOSITORY / "edge_fer" / "assets" / "collins.jpg"))
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("happy ")
    with pytest.raises(SystemExit, match="cannot be read"):
        main_of("picture")("/nowhere.jpg")


def test_video(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "drive.avi"
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 15.0, (640, 480))
    scene = Scene()
    for number in range(60):
        grey = scene.render(number / 15) if number < 45 else np.full((480, 640), 3, np.uint8)
        video.write(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR))
    video.release()
    main_of("video")(str(path))
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("s  ")[1].split(" (")[0] for line in lines] == [
        "not ready",
        "attentive",
        "camera degraded",
    ]


def test_camera(capsys: pytest.CaptureFixture[str]) -> None:
    main_of("camera")("demo:?fps=10&start=42")  # its last seconds
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) >= 2
    assert all("camera good" in line for line in lines)


def test_receive(capsys: pytest.CaptureFixture[str]) -> None:
    link = Link("virtual:example-receive")
    link.open()
    link.start()
    main, end = main_of("receive"), threading.Event()

    def publish() -> None:
        while not end.is_set():
            link.publish(Snapshot(time.monotonic(), DriverStateMessage(ATTENTIVE)))
            end.wait(0.05)

    thread = threading.Thread(target=publish)
    thread.start()
    main("virtual:example-receive", rounds=40)
    end.set()
    thread.join()
    link.stop()
    assert "driver attentive" in capsys.readouterr().out.splitlines()


def test_vehicle() -> None:
    link = Link("virtual:example-vehicle")
    link.open()
    link.start()
    request = DriverRequestMessage(
        kind=1,
        request_id=7,
        severity=1,
        valid_for_s=20.0,
        reason=value_code("DriverRequest", "Reason", "low confidence"),
    )
    main, seen = main_of("vehicle"), []
    thread = threading.Thread(
        target=main, args=("virtual:example-vehicle", 72.0), kwargs={"seconds": PATIENCE_S}
    )
    thread.daemon = True
    thread.start()
    until_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < until_s:
        now_s = time.monotonic()
        link.publish(Snapshot(now_s, DriverStateMessage(ATTENTIVE), request=request))
        status = link.controller
        if status is not None:
            seen.append((status.speed_km_h, status.acknowledged_id, status.answer))
            if status.acknowledged_id == 7:
                break
        time.sleep(0.05)
    link.stop()
    assert seen[-1] == (72.0, 7, value_code("ControllerStatus", "Answer", "all right"))


def test_what_comes_over_no_port_is_unknown() -> None:
    with ControllerPort.open("virtual:example-nobody") as port:
        assert port.receive(0.01) == []
        assert port.latest(DriverStateMessage) is None
