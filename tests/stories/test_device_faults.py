"""What a device does to its daemon: clocks that jump, a full disk, a root that is read-only."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge_fer.driver_state.states import DriverState
from firmware_bridge.terminal.pty_wire import PtyWire
from tests.stories.service import Service
from tests.stories.test_kill_story import Story, Vehicle

WATCHED_S = 7.0  # twice round all jumps of the clock
YEARS_S = 9 * 365 * 86_400.0
# Commands for a file system of its own: what they mount, nobody else sees.
PRIVATE = ("unshare", "--mount", "sh", "-c")
READ_ONLY_ROOT = 'mount --make-rprivate / && mount -o remount,bind,ro / && exec "$@"'
# No byte is left there and no file can be made; the daemon's socket and its files belong there.
FULL_DISK = (
    'mount -t tmpfs -o size=64k,nr_inodes=6 none "$FULL" && touch "$FULL/a" "$FULL/b" "$FULL/c" &&'
    ' { head -c 1M /dev/zero >"$FULL/a"; exec "$@"; } 2>/dev/full'
)

pytestmark = pytest.mark.slow


def needs_private_mounts(script: str) -> None:
    """Skip where this user may not mount for itself alone."""
    if shutil.which("unshare") is None:
        pytest.skip("unshare is not installed")
    done = subprocess.run([*PRIVATE, script, "sh", "true"], capture_output=True, check=False)
    if done.returncode != 0:
        reason = done.stderr.decode(errors="replace").strip()
        pytest.skip(f"a file system of its own is not allowed here: {reason}")


@contextmanager
def watched(service: Service, port: str, story: Story) -> Iterator[Vehicle]:
    vehicle = Vehicle(port, service, story)
    try:
        yield vehicle
    finally:
        vehicle.close()


def stays_attentive(vehicle: Vehicle, story: Story, service: Service) -> None:
    """Whatever happens beside it, the driver's state is said, of new pictures, by one daemon."""
    vehicle.until_attentive(time.monotonic())
    until_s = time.monotonic() + WATCHED_S
    states = set()
    while time.monotonic() < until_s:
        vehicle.listen(0.1)
        states.add(vehicle.state)
    assert states == {DriverState.ATTENTIVE}
    assert story.stale == []
    assert vehicle.state_s > until_s - 2.0
    assert service.starts == 1


@pytest.fixture(scope="module")
def jumping_clock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that makes the wall clock jump for whoever loads it."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler: the wall clock cannot be made to jump")
    library = tmp_path_factory.mktemp("clock") / "wall_clock.so"
    source = Path(__file__).with_name("wall_clock.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", library, source], check=True)
    return library


def test_a_clock_that_jumps_by_ten_years(jumping_clock: Path, tmp_path: Path) -> None:
    preload = {"LD_PRELOAD": str(jumping_clock)}
    code = "import time\nfor _ in range(35): print(time.time()); time.sleep(0.1)"
    seen = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | preload,
        capture_output=True,
        text=True,
        check=True,
    )
    times_s = [float(line) - time.time() for line in seen.stdout.splitlines()]
    assert min(times_s) < -YEARS_S < YEARS_S < max(times_s)

    story = Story()
    with PtyWire() as wire, Service(tmp_path, f"slcan:{wire.end_a}", extra=preload) as service:
        with watched(service, f"slcan:{wire.end_b}", story) as vehicle:
            stays_attentive(vehicle, story, service)
        assert "starting its process anew" not in service.log
    assert service.exit_code == 0


def test_a_root_that_is_read_only(tmp_path: Path) -> None:
    needs_private_mounts(READ_ONLY_ROOT)
    story, log = Story(), tmp_path / "log"
    before = (*PRIVATE, READ_ONLY_ROOT, "sh")
    with PtyWire() as wire, Service(tmp_path, f"slcan:{wire.end_a}", before=before) as service:
        with watched(service, f"slcan:{wire.end_b}", story) as vehicle:
            stays_attentive(vehicle, story, service)
        assert list(service.runtime.iterdir()) == []
    assert service.exit_code == 0
    assert "Read-only file system" in log.read_text()
    assert "Traceback" not in log.read_text()


def test_a_disk_that_is_full(tmp_path: Path) -> None:
    full = tmp_path / "run"
    script = f"export FULL={full}; {FULL_DISK}"
    full.mkdir()
    needs_private_mounts(script)
    full.rmdir()
    story = Story()
    with (
        PtyWire() as wire,
        Service(
            tmp_path,
            f"slcan:{wire.end_a}",
            before=(*PRIVATE, script, "sh"),
            extra={"EDGE_FER__HEALTH__PROMETHEUS_FILE": str(full / "edge-fer.prom")},
            log_file=Path("/dev/full"),  # neither does the journal take anything
        ) as service,
        watched(service, f"slcan:{wire.end_b}", story) as vehicle,
    ):
        stays_attentive(vehicle, story, service)
        inside = Path(f"/proc/{service.daemon.pid}/root{full}")
        assert {path.name for path in inside.iterdir()} >= {"a", "b", "c"}
        assert os.statvfs(inside).f_bavail == 0
        # Nothing was left half-written that a reader would take for whole.
        assert not (inside / "edge-fer.prom").exists()
    assert service.exit_code == 0
