"""The tests of the vehicle side with all messages at other ids: none depends on the shipped ids."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
# Of each part of the way; the benchmarks and views that start programs of their own are left out.
TESTS = (
    "controller/test_port.py",
    "controller/test_side.py",
    "e2e/test_profile22.py",
    "link/test_schedule.py",
    "link/test_tap.py",
    "monitor/test_frame_log.py",
    "monitor/test_screen.py",
    "protocol/test_messages.py",
    "reception/test_frame_filter.py",
    "reception/test_supervision.py",
    "reception/test_watching.py",
)
TOO_LONG = "bad_line or cut_off or beside_the_port"
IN_LINK = "controller or request or adapter or unknown"
# The C is generated and built anew: its unit tests, and that it answers and judges as the Python.
IN_C = ("test_c_host.py", "test_c_exchange.py", "test_c_library.py")
NOT_IN_C = "hundred_thousand or compiles or cmake or misra or int_has_16 or covered or again or cpp"


@pytest.mark.slow
@pytest.mark.parametrize("base_id", ["0x6E0", "0x18FF1000"])
def test_no_test_depends_on_the_ids(base_id: str) -> None:
    def run(*arguments: object) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "--tb=short", *map(str, arguments)],
            env=os.environ | {"EDGE_FER_TEST_BASE_ID": base_id},
            capture_output=True,
            text=True,
            check=False,
            cwd=FOLDER.parents[1],
        )
        assert done.returncode == 0, done.stdout[-4000:]

    run(*(FOLDER / name for name in TESTS), "-k", f"not ({TOO_LONG})")
    run(FOLDER / "link/test_link.py", "-k", IN_LINK)
    if base_id == "0x18FF1000":
        run(*(FOLDER / "c" / name for name in IN_C), "-k", f"not ({NOT_IN_C})")
