"""The page that a comparison leaves: the table, versions, and what could not run and why."""

from tests.benchmarks.peers.comparison import Comparison, PeerFigures
from tests.benchmarks.peers.programs import NOT_PACKAGED, PROGRAMS

_DASH = "—"
HEAD = (
    "| program | a face | a frame | frames/s | memory | installed | start | right of {faces:,} |\n"
    "|---|---|---|---|---|---|---|---|"
)


def table(comparison: Comparison) -> str:
    """Return a row for each program that ran."""
    rows = [HEAD.format(faces=comparison.faces)]
    rows += [_row(peer) for peer in comparison.peers if peer.failed is None]
    return "\n".join(rows)


def page(comparison: Comparison) -> str:
    """Return the whole page."""
    machine, before, after = comparison.machine, comparison.before, comparison.after
    size = sum(peer.frames for peer in comparison.peers[:1])
    parts = [
        "# Beside other programs",
        "",
        "Written by `make bench-peers`: each program in its own environment, as pip installs it,",
        f"on one core, turns: {comparison.turns}, of which the best counts. The same first",
        f"{comparison.faces:,} faces of PublicTest, one at a time, and the same {size} frames of",
        f"{len(comparison.clips)} clips: *a frame* is the mean from the decoded picture to the",
        "answer, face detection included; for edge-fer that is its whole pipeline, up to the",
        "driver's state. *memory* is the peak, *start* from the process's start to its first",
        "answer, *installed* what pip put beside itself. Times are the core's own (user and",
        "system), so that other programs do not count: on a core of its own a clock shows the",
        "same.",
        "",
        f"{machine.processor}, {machine.cores} cores, kernel {machine.kernel}, Python "
        f"{machine.python}; load {before.load:.1f} before and {after.load:.1f} after.",
        "",
        table(comparison),
        "",
        "| program | found a face in | frame p99 | versions |",
        "|---|---|---|---|",
        *(_more(peer) for peer in comparison.peers if peer.failed is None),
        "",
    ]
    failed = [peer for peer in comparison.peers if peer.failed is not None]
    parts += ["## What could not be compared", ""]
    weights = {program.name: program.weights for program in PROGRAMS}
    for peer in failed:
        source = weights[peer.name]
        why = f"its weights are a download ({source}); " if source else ""
        parts.append(f"- {peer.shown}: {why}here it ended with `{peer.failed}`.")
    parts += [f"- {name}: {why}." for name, why in NOT_PACKAGED.items()]
    return "\n".join(parts) + "\n"


def _row(peer: PeerFigures) -> str:
    fps = None if peer.frame_ms is None else 1000 / peer.frame_ms
    cells = (
        peer.shown,
        _number(peer.face_ms, "{:.2f} ms"),
        _number(peer.frame_ms, "{:.2f} ms"),
        _number(fps, "{:.0f}"),
        _number(peer.rss_mb, "{:.0f} MB"),
        _number(peer.install_mb, "{:,.0f} MB"),
        _number(peer.startup_s, "{:.1f} s"),
        _number(peer.accuracy, "{:.1%}"),
    )
    return "| " + " | ".join(cells) + " |"


def _more(peer: PeerFigures) -> str:
    share = peer.frames_with_a_face / peer.frames if peer.frames else None
    versions = ", ".join(f"{name} {version}" for name, version in peer.versions.items())
    cells = (
        peer.shown,
        _number(share, "{:.0%}"),
        _number(peer.frame_p99_ms, "{:.1f} ms"),
        versions,
    )
    return "| " + " | ".join(cells) + " |"


def _number(value: float | None, form: str) -> str:
    return _DASH if value is None else form.format(value)
