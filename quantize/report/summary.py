"""The head of the report: what was measured, with what, and the figures in short."""

import importlib.metadata
from math import sqrt

from quantize.int8.record import tool_versions
from quantize.report.command import shown
from quantize.report.markdown import paragraphs, signed_points, table
from quantize.report.measured import Measured
from quantize.report.subject import ModelFile, Subject

_NORMAL_95 = 1.959964  # two-sided 95 % of the normal distribution


def facts(subject: Subject, measured: Measured, data_sha256: str, data_rows: int) -> str:
    """Return what the report is about, each file with its sha256."""
    network = "none given (`--network`)"
    if subject.network is not None:
        network = "the model itself" if subject.is_network else _file(subject.network)
    tools = tool_versions() | {"matplotlib": importlib.metadata.version("matplotlib")}
    return table(
        ("", ""),
        (
            ("model", _file(subject.file)),
            ("float network", network),
            ("data", f"{data_rows:,} rows, sha256 of images, labels and usages `{data_sha256}`"),
            ("measured on", f"{measured.usage}, n = {measured.scores.n:,}"),
            ("tools", ", ".join(f"{name} {version}" for name, version in tools.items())),
        ),
        left=2,
    )


def summary_section(subject: Subject, measured: Measured) -> str:
    """Return the figures in short, and how they stand against the float network and the card."""
    scores = measured.scores
    low, high = wilson_interval(scores.accuracy, scores.n)
    return paragraphs(
        table(
            ("accuracy", "95 % interval", "loss", "macro-F1", "calibration error"),
            [
                (
                    f"**{scores.accuracy:.2%}**",
                    f"{low:.2%} to {high:.2%}",
                    f"{scores.loss:.4f}",
                    f"{scores.macro_f1:.4f}",
                    f"{scores.calibration_error:.2%}",
                )
            ],
            left=0,
        ),
        "The interval is Wilson's: it covers the chance of drawing these images.",
        _against_float(measured),
        _against_card(subject, measured),
    )


def wilson_interval(share: float, n: int) -> tuple[float, float]:
    """Return the 95 % interval (Wilson 1927) of a share (0..1) that was counted over n cases."""
    spread = _NORMAL_95**2 / n
    centre = (share + spread / 2) / (1 + spread)
    half = sqrt(spread * (share * (1 - share) + spread / 4)) / (1 + spread)
    return centre - half, centre + half


def _against_float(measured: Measured) -> str:
    if measured.against_float is None:
        return ""
    exact, alike = measured.against_float.scores, measured.against_float.alike
    change = measured.scores.accuracy - exact.accuracy
    return (
        f"The float network is right on {exact.accuracy:.2%} of the same images, so the conversion "
        f"changes {signed_points(change)}; both give the same answer on {alike.agreement:.2%}, "
        f"and their probabilities differ by {alike.mean_difference:.4f} on average."
    )


def _against_card(subject: Subject, measured: Measured) -> str:
    if subject.is_network:
        return ""
    if subject.card is None:
        return "The file has no card beside it."
    stated = subject.card.accuracy
    text = (
        f"Its card states {stated.int8:.2%} (float32: {stated.float32:.2%}) on {stated.n:,} images "
        f"of {stated.usage}."
    )
    same = (stated.usage, stated.n) == (measured.usage, measured.scores.n)
    if same and abs(stated.int8 - measured.scores.accuracy) > 0.5 / stated.n:
        text += " **That is not what was measured here: the data are others.**"
    elif same and measured.against_float is not None:
        exact = measured.against_float.scores.accuracy
        if abs(stated.float32 - exact) > 0.5 / stated.n:
            text += (
                f" **The float network here is right on {exact:.2%}: it is not the one "
                "that the file was converted from.**"
            )
    return text


def _file(file: ModelFile) -> str:
    return f"`{shown(file.path)}`, {file.size_bytes:,} bytes, sha256 `{file.sha256}`"
