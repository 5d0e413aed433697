"""The report's part on the training: accuracy and loss by epoch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge_fer.errors import DataError, DataReason
from firmware_bridge.plot_style import (
    BLUE,
    GREY,
    ORANGE,
    PURPLE,
    SMALL_PT,
    in_style,
    legend_below,
)
from quantize.int8.record import training_record
from quantize.plots.figures import open_figure, save_figure
from quantize.report.comparison import PUBLISHED
from quantize.report.markdown import paragraphs, picture
from quantize.report.subject import Subject
from quantize.training.run_folder import EpochResult, RunFolder
from quantize.training.settings import validation_rows


@dataclass(frozen=True, slots=True)
class History:
    """The epochs of a training; `settings` as the training wrote them, {} where they are lost."""

    epochs: tuple[EpochResult, ...]
    best_epoch: int | None
    settings: dict[str, Any]
    data_sha256: str | None


def history_section(subject: Subject, data_sha256: str, folder: Path) -> str:
    """Draw the training's history into `folder` and return what the page says of it."""
    if subject.network is None:
        return (
            "The history of the training lies beside the float network: give that with `--network`."
        )
    history = read_history(subject.network.path.parent)
    if history is None:
        return (
            f"There is no history: beside `{subject.network.path.name}` lies no `state.json` of a "
            "training."
        )
    draw_history(history, folder / "history.png")
    last = history.epochs[-1]
    kept = "the best of them" if _choice(history.settings) != "last" else "kept is"
    best = "" if history.best_epoch is None else f", {kept} epoch {history.best_epoch}"
    return paragraphs(
        f"{len(history.epochs)} epochs{best}; the last one reached {last.accuracy:.2%} on "
        f"Training and {last.validation_accuracy:.2%} on {_validation(history.settings)}.",
        picture("history.png", "accuracy and loss by epoch"),
        _remarks(history, data_sha256),
    )


def read_history(folder: Path) -> History | None:
    """Return the history that `edge-fer train` left in `folder`, or None where it left none.

    UserError when it is there and cannot be read.
    """
    try:
        state = RunFolder(folder).state()
    except (TypeError, KeyError) as error:
        raise DataError(
            DataReason.BAD_FORMAT,
            f"{folder / 'state.json'}: not the state of a training of this version ({error})",
        ) from error
    if state is None or not state.history:
        return None
    record = training_record(folder / "network.keras")
    return History(
        state.history, state.best_epoch, record.get("settings", {}), record.get("data_sha256")
    )


@in_style
def draw_history(history: History, path: Path) -> None:
    """Draw accuracy and loss by epoch, a band for each image size, into a PNG file."""
    figure = open_figure(3.2)
    accuracy, loss = figure.subplots(1, 2)
    epochs = [result.epoch for result in history.epochs]
    for axes, values, title in (
        (
            accuracy,
            [(100 * r.accuracy, 100 * r.validation_accuracy) for r in history.epochs],
            "accuracy (%)",
        ),
        (loss, [(r.loss, r.validation_loss) for r in history.epochs], "loss"),
    ):
        marker = "o" if len(epochs) < 4 else None  # a line of one epoch would not be seen
        axes.plot(epochs, [v for v, _ in values], color=ORANGE, marker=marker, label="Training")
        rows = _validation(history.settings)
        axes.plot(epochs, [v for _, v in values], color=BLUE, marker=marker, label=rows)
        axes.set_title(title)
        axes.set_xlabel("epoch")
        axes.set_xlim(0.5, epochs[-1] + 0.5)
        _mark_stages(axes, history.epochs)
        if history.best_epoch is not None:
            kept = "last epoch" if _choice(history.settings) == "last" else "best epoch"
            axes.axvline(history.best_epoch, color=GREY, linestyle=":", label=kept)
    if history.settings.get("architecture") == "paper":
        _draw_reference(accuracy, loss)
    legend_below(figure, 4)
    save_figure(figure, path)


def _draw_reference(accuracy: Any, loss: Any) -> None:
    """Draw what the reference's validation reached at its end (its Figures 2 and 3)."""
    reference = next(one for one in PUBLISHED if one.loss is not None)
    for axes, value in ((accuracy, 100 * reference.accuracy), (loss, reference.loss)):
        axes.axhline(
            value, color=PURPLE, linestyle="--", linewidth=0.9, label="the reference's validation"
        )


def _choice(settings: dict[str, Any]) -> str:
    return str(settings.get("choose", "best"))


def _validation(settings: dict[str, Any]) -> str:
    return validation_rows(settings.get("fold", 0))


def stages(epochs: tuple[EpochResult, ...]) -> list[tuple[int, int, int]]:
    """Return image size, first and last epoch of each run of epochs at one size."""
    found: list[tuple[int, int, int]] = []
    for result in epochs:
        if found and found[-1][0] == result.side_px:
            found[-1] = (result.side_px, found[-1][1], result.epoch)
        else:
            found.append((result.side_px, result.epoch, result.epoch))
    return found


def _mark_stages(axes: Any, epochs: tuple[EpochResult, ...]) -> None:
    for place, (side_px, first, last) in enumerate(stages(epochs)):
        if place % 2 == 0:
            axes.axvspan(first - 0.5, last + 0.5, color=GREY, alpha=0.08, linewidth=0)
        axes.text(
            (first + last) / 2,
            0.01,
            f"{side_px} px",
            size=SMALL_PT,
            color=GREY,
            ha="center",
            transform=axes.get_xaxis_transform(),
        )


def _remarks(history: History, data_sha256: str) -> str:
    remarks = ["Training figures are taken while the weights change, on faces changed at random"]
    smoothing = history.settings.get("label_smoothing")
    if smoothing:
        remarks.append(f", and with labels smoothed by {smoothing:g}")
    if history.settings.get("votes_sha256"):
        remarks.append(", and their loss holds that of the second head, for the votes")
    rows = _validation(history.settings)
    remarks.append(f": they do not compare with those on {rows}. ")
    if _choice(history.settings) == "last":
        remarks.append("The last epoch was kept, whatever it reached.")
    elif rows == "PublicTest":
        remarks.append("PublicTest chose the best epoch, so the figure on it is a little kind.")
    else:
        remarks.append(f"{rows.capitalize()} of the Training rows chose the best epoch.")
    if history.data_sha256 not in (None, data_sha256):
        remarks.append(" **The training was on other data than this report.**")
    return "".join(remarks)
