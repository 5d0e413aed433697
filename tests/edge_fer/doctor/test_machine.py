"""What the machine lacks is named."""

from pathlib import Path

import pytest

from edge_fer.doctor.finding import Level
from edge_fer.doctor.machine import check_config_access, check_memory_limits, check_swap


def put(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(
    ("controllers", "level"),
    [("cpuset cpu io memory pids\n", Level.OK), ("cpu pids", Level.WARNING)],
)
def test_memory_control_groups(tmp_path: Path, controllers: str, level: Level) -> None:
    assert check_memory_limits(tmp_path).level is Level.NOTE
    put(tmp_path, "sys/fs/cgroup/cgroup.controllers", controllers)
    assert check_memory_limits(tmp_path).level is level


def test_swap(tmp_path: Path) -> None:
    assert check_swap(tmp_path).text == "this machine does not say"
    head = "Filename\tType\tSize\tUsed\tPriority\n"
    put(tmp_path, "proc/swaps", head)
    assert check_swap(tmp_path).level is Level.OK
    put(tmp_path, "proc/swaps", head + "/dev/zram0 partition 100 0 100\n")
    assert check_swap(tmp_path).level is Level.OK
    put(tmp_path, "proc/swaps", head + "/var/swap file 102396 0 -2\n")
    assert check_swap(tmp_path).text.startswith("/var/swap: ")


@pytest.mark.parametrize(
    ("mode", "level"), [(0o640, Level.OK), (0o644, Level.NOTE), (0o666, Level.FAILED)]
)
def test_the_config_is_not_for_everybody(tmp_path: Path, mode: int, level: Level) -> None:
    path = tmp_path / "config.toml"
    assert check_config_access(path).level is Level.NOTE
    path.write_text("")
    path.chmod(mode)
    assert check_config_access(path).level is level
    assert check_config_access(None).level is Level.OK
