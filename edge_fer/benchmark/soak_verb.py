"""`edge-fer benchmark soak FRAMES`: a long run at full speed, printed while it lasts; a verdict."""

from rich.text import Text

from edge_fer.benchmark.soak import GROWTH, Soak, SoakSample, problems, run_soak
from firmware_bridge.benchmark.output import Output
from firmware_bridge.counted import counted

EXIT_PROBLEM = 1
_LINES = 40  # of a whole run
_COLUMNS = ("s", "frames", "dropped", "camera", "fps", "daemon MB", "camera MB", "fds", "threads")
_WIDTHS = (7, 9, 9, 9, 6, 10, 10, 5, 8)


def run_soak_benchmark(*, frames: int, output: Output | None = None) -> int:
    """Run for `frames`, print samples and verdict; return 0, or EXIT_PROBLEM for a bad one.

    Samples are lines as they come; in JSON all of them are one object at the end.
    KeyboardInterrupt after the summary of what was measured until then.
    """
    where = output or Output()
    target = where.target
    shown_frames = 0

    def told(sample: SoakSample) -> None:
        nonlocal shown_frames
        if not where.json and sample.frames >= shown_frames:
            shown_frames = sample.frames + max(1, frames // _LINES)
            print(_line(_cells(sample)), file=target, flush=True)

    if not where.json:
        print(_line(_COLUMNS), file=target, flush=True)
    soak = run_soak(frames, told=told)
    wrong = problems(soak)
    if soak.samples:
        where.show(soak.to_json(), lambda: Text("\n".join(_verdict(soak, wrong))))
    if soak.interrupted:
        raise KeyboardInterrupt
    return EXIT_PROBLEM if wrong else 0


def _verdict(soak: Soak, wrong: list[str]) -> list[str]:
    lines = [_line(_cells(soak.samples[-1])), _summary(soak)]
    if soak.interrupted:
        return [*lines, f"interrupted after {soak.samples[-1].frames} frames: no verdict"]
    return [*lines, *([f"WRONG  {line}" for line in wrong] or ["all is well"])]


def _cells(sample: SoakSample) -> tuple[str, ...]:
    return (
        f"{sample.seconds:.0f}",
        f"{sample.frames}",
        f"{sample.dropped}",
        f"{sample.camera_frames}",
        f"{sample.fps:.0f}",
        f"{sample.rss_daemon_mb:.1f}",
        f"{sample.rss_camera_mb:.1f}",
        "?" if sample.descriptors is None else f"{sample.descriptors}",
        f"{sample.threads}",
    )


def _line(cells: tuple[str, ...]) -> str:
    return " ".join(f"{cell:>{width}}" for cell, width in zip(cells, _WIDTHS, strict=True))


def _summary(soak: Soak) -> str:
    early, late = soak.ends()
    growth = [
        f"{name} {least:.1f} to {most:.1f} MB ({most / least - 1:+.1%}, at most {GROWTH:+.0%})"
        for name, least, most in (
            (
                what,
                min(getattr(sample, key) for sample in early),
                max(getattr(sample, key) for sample in late),
            )
            for what, key in (("daemon", "rss_daemon_mb"), ("camera", "rss_camera_mb"))
        )
    ]
    frames, dropped, given = soak.at_rest
    return "\n".join(
        (
            "memory after the warm-up: " + "; ".join(growth),
            f"at rest: {frames} processed + {dropped} dropped = {frames + dropped},"
            f" the camera gave {given}",
            f"camera killed: {counted(soak.restarts, 'restart')},"
            f" {counted(soak.stalls, 'stall')} counted;"
            f" descriptors {early[0].descriptors} before, {soak.descriptors_after_kills} after",
            f"link: {counted(soak.received, 'frame')} received, {soak.bad} spoilt,"
            f" {soak.counters.get('frames_dropped', '?')} dropped,"
            f" {soak.counters.get('connections_lost', '?')} times lost",
        )
    )
