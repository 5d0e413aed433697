"""TensorFlow comes in quietly, or its absence is said in one line."""

import importlib
import logging
import os
import subprocess
import sys
from typing import Any

import pytest

from edge_fer.errors import UserError
from edge_fer.quiet import quiet_output
from quantize.progress import progress_bar
from quantize.workstation import require_tensorflow


def test_missing_tensorflow_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(UserError, match=r"needs TensorFlow: pip install 'edge-fer\[workstation\]'"):
        require_tensorflow()


def test_data_verb_needs_no_tensorflow() -> None:
    code = (
        "import sys; sys.modules['tensorflow'] = sys.modules['keras'] = None\n"
        "import quantize.report.data_page, quantize.verbs.evaluate, quantize.verbs.quantize"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=180)


def test_quiet_output_silences_both_levels(capfd: pytest.CaptureFixture[str]) -> None:
    with quiet_output():
        os.write(1, b"native")
        os.write(2, b"native")
        print("python")
        print("python", file=sys.stderr)
    print("after")
    assert capfd.readouterr() == ("after\n", "")


def test_quiet_output_ends_with_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyError), quiet_output():
        raise KeyError
    os.write(1, b"after")
    assert capfd.readouterr() == ("after", "")


def test_a_log_handler_made_in_a_quiet_block_stays_quiet(capfd: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("test_quiet_output")
    logger.propagate = False
    with quiet_output():
        logger.addHandler(logging.StreamHandler())  # as TensorFlow does when it first logs
        logger.warning("within")
    logger.warning("behind")
    assert capfd.readouterr() == ("", "")


def test_progress_bar_stays_off_stdout(capfd: pytest.CaptureFixture[str]) -> None:
    with progress_bar("Working", 3) as advance:
        for _ in range(3):
            advance(1)
    assert capfd.readouterr() == ("", "")
