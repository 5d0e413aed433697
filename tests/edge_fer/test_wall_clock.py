"""No decision knows the wall clock: it may jump by years, and nothing on the device notices."""

import ast
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
# Where the time of day is what is wanted: in recordings, for candump, to number a release, and in
# the report of a check.
ALLOWED = (
    "edge_fer/recording/",
    "edge_fer/cli/recording.py",
    "edge_fer/commissioning/terminal.py",
    "edge_fer/preview/server.py",
    "edge_fer/cli/model.py",  # a release is numbered by the time of its signing
    "firmware_bridge/recording/",
    "firmware_bridge/monitor/sources.py",
    "firmware_bridge/monitor/candump_pipe.py",
)
WALL = {
    "time": {"time", "time_ns", "localtime", "gmtime", "ctime", "asctime", "strftime", "mktime"},
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
}
WALL_ANYWHERE = {"CLOCK_REALTIME", "st_mtime", "st_ctime", "st_atime", "getmtime"}


def wall_clock_uses(source: str) -> list[str]:
    """Return each use of the wall clock, by its line."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            owner = node.value.attr if isinstance(node.value, ast.Attribute) else None
            owner = node.value.id if isinstance(node.value, ast.Name) else owner
            if node.attr in WALL_ANYWHERE or node.attr in WALL.get(owner or "", ()):
                found.append(f"{node.lineno}: {owner}.{node.attr}")
        elif isinstance(node, ast.ImportFrom) and node.module in WALL:
            names = {alias.name for alias in node.names} & (WALL[node.module] | WALL_ANYWHERE)
            found += [f"{node.lineno}: from {node.module} import {name}" for name in names]
    return found


def test_only_recordings_know_the_time_of_day() -> None:
    found = {
        str(path.relative_to(REPOSITORY)): uses
        for package in ("edge_fer", "firmware_bridge")
        for path in (REPOSITORY / package).rglob("*.py")
        if (uses := wall_clock_uses(path.read_text(encoding="utf-8")))
    }
    assert {name: uses for name, uses in found.items() if not name.startswith(ALLOWED)} == {}
    assert found  # and they do


@pytest.mark.parametrize(
    "source",
    [
        "import time\nx = time.time()",
        "import time\nx = time.clock_gettime(time.CLOCK_REALTIME)",
        "from time import time",
        "import datetime\nx = datetime.datetime.now()",
        "from datetime import datetime\nx = datetime.utcnow()",
        "x = path.stat().st_mtime",
    ],
)
def test_each_way_to_it_would_be_seen(source: str) -> None:
    assert wall_clock_uses(source)


def test_the_steady_clock_is_none() -> None:
    assert wall_clock_uses("import time\nx = time.monotonic() + time.perf_counter()") == []
