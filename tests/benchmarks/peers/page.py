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
        "# Comparison with other programs",
        "",
        "`make bench-peers` writes this page. Each program runs in its own environment, as pip",
        f"installs it, on one core, in {comparison.turns} turns, of which the best counts. All",
        f"programs get the same first {comparison.faces:,} faces of PublicTest, one at a time, and",
        f"the same {size} frames of {len(comparison.clips)} clips.",
        "",
        "- *a frame*: mean time from the decoded picture to the answer, face detection included;",
        "  for edge-fer the whole pipeline, up to the driver state.",
        "- *memory*: peak. *start*: from the start of the process to its first answer.",
        "- *installed*: size of the program with its dependencies.",
        "- Times are processor time (user and system), so that other programs do not count.",
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
        parts.append(f"- {peer.shown}: {why}it failed here with `{peer.failed}`.")
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
