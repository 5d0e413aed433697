"""Options that mean the same for every verb, defined once."""

from pathlib import Path
from typing import Annotated

import typer

from edge_fer.paths import DEVICE_CONFIG

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
PlotOption = Annotated[
    Path | None,
    typer.Option("--plot", metavar="FILE", help="Draw the result into this .png, .svg or .pdf."),
]
SecondsOption = Annotated[
    float | None,
    typer.Option("--seconds", help="Stop after this many seconds.", min=0.1, show_default=False),
]
ModelOption = Annotated[
    Path | None,
    typer.Option(
        "--model", metavar="FILE", help="The .tflite file, its card beside it. [default: shipped]"
    ),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help=f"The TOML file. [default: {DEVICE_CONFIG}]"),
]
