"""The report's layer table."""

from quantize.report.anatomy import LayerRow
from quantize.report.markdown import paragraphs, sides, table
from quantize.report.subject import Subject


def layers_section(subject: Subject) -> str:
    """Return the layer table, and what it is of."""
    rows = subject.anatomy.layers()
    if subject.network is not None:
        of = f"The float network, `{subject.network.path.name}`"
        if not subject.is_network:
            of += ", before its conversion"
        of += "."
    else:
        of = (
            "The operators of the file, as the device runs them: BatchNorm and ReLU are part of "
            "the convolutions. The layers of the float network need it: give it with `--network`."
        )
    return paragraphs(
        f"{of} Multiply-adds are those of convolutions and dense layers for one image.",
        layer_table(rows),
    )


def layer_table(rows: list[LayerRow]) -> str:
    """Return the layers and their totals as a Markdown table."""
    heads = ("layer", "kind", "output shape", "parameters", "multiply-adds")
    parameters, multiply_adds = totals(rows)
    return table(
        heads,
        [
            *(
                (
                    f"`{row.name}`",
                    row.kind,
                    sides(row.shape),
                    f"{row.parameters:,}" if row.parameters else "",
                    _shown(row.multiply_adds),
                )
                for row in rows
            ),
            ("**total**", "", "", f"**{parameters:,}**", f"**{_shown(multiply_adds) or 0}**"),
        ],
        left=3,
    )


def totals(rows: list[LayerRow]) -> tuple[int, int | None]:
    """Return the parameters and the multiply-adds of all layers, None where one is not known."""
    known = [row.multiply_adds for row in rows if row.multiply_adds is not None]
    return sum(row.parameters for row in rows), sum(known) if len(known) == len(rows) else None


def _shown(multiply_adds: int | None) -> str:
    if multiply_adds is None:
        return "unknown"
    return f"{multiply_adds:,}" if multiply_adds else ""
