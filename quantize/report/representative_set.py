"""The report's part on the representative set, where `quantize --curve` has measured it."""

from pathlib import Path

from quantize.report.calibration_report import NAME
from quantize.report.markdown import paragraphs, picture


def representative_set_section(folder: Path) -> str:
    """Return a link to the curve's page in `folder`, with its figure; or how to make one."""
    if not all((folder / f"{NAME}.{ending}").is_file() for ending in ("md", "png")):
        return (
            "How many images the int8 conversion has to see was not measured here: "
            "`edge-fer quantize --curve` with this folder does it."
        )
    return paragraphs(
        "How many images the int8 conversion has to see, measured by `edge-fer quantize --curve` "
        f"over several seeds: [figures]({NAME}.md).",
        picture(f"{NAME}.png", "int8 accuracy over the size of the representative set"),
    )
