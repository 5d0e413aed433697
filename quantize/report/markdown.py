"""The few forms of Markdown that the report is written in."""

from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, left: int = 1) -> str:
    """Return a table whose first `left` columns are words, and the others figures."""
    marks = ["---" if place < left else "---:" for place in range(len(heads))]
    return "\n".join("| " + " | ".join(row) + " |" for row in (heads, marks, *rows))


def picture(name: str, says: str) -> str:
    """Return the figure `name`, which lies beside the page; `says` stands for who cannot see it."""
    return f"![{says}]({name})"


def paragraphs(*parts: str) -> str:
    """Return the parts that are not empty, with a blank line between."""
    return "\n\n".join(part for part in parts if part)


def sides(shape: Iterable[int | None]) -> str:
    """Return the sides of a shape, as 48x48x32 with the proper sign between; ? for an open one."""
    shown = ("?" if side is None else str(side) for side in shape)
    return "\N{MULTIPLICATION SIGN}".join(shown) or "1"


def signed_points(change: float) -> str:
    """Return a difference of shares (-1..1) in points of a hundred."""
    return f"{change * 100:+.2f} points"
