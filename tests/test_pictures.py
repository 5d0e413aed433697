"""No picture of a person is in the repository but the one that may be shown."""

import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".pgm", ".tif", ".tiff"}
FILMS = {".mp4", ".avi", ".mkv", ".mov", ".mjpeg", ".webm"}
ARRAYS = {".npy", ".npz", ".pkl", ".h5"}
CHARTS = {
    "docs/edge/calibration-size.png",
    "docs/edge/confusion.png",
    "docs/edge/corruptions.png",
    "docs/edge/distribution.png",
    "docs/edge/filters.png",
    "docs/edge/history.png",
    "docs/edge/reliability.png",
    "docs/edge/risk-coverage.png",
    "docs/growth.png",
    "docs/pareto.png",
    "docs/search/search-edge-pareto.png",
}
OF_THE_PORTRAIT = {  # Eileen M. Collins, by NASA, in the public domain
    "docs/annotated.png",
    "docs/demo.png",
    "docs/edge/corruptions-of-the-portrait.png",
    "docs/edge/feature-maps.png",
    "docs/edge/saliency-of-the-portrait.png",
    "docs/eyes-network.png",
    "docs/face-network.png",
    "docs/preview.png",
    "edge_fer/assets/collins.jpg",
}


def test_each_picture_is_a_chart_or_of_the_portrait_that_may_be_shown() -> None:
    """A new chart is added to the list above by whoever has looked at it."""
    if not (REPOSITORY / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "-C", str(REPOSITORY), "ls-files"], capture_output=True, text=True, check=True
    ).stdout.split("\n")
    found = {name for name in listed if Path(name).suffix.lower() in PICTURES | FILMS | ARRAYS}
    assert found <= CHARTS | OF_THE_PORTRAIT
