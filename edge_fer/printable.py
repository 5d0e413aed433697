"""Text of others on a terminal: what they wrote is shown, and nothing that they wrote is done."""


def printable(text: str) -> str:
    """Return `text` with an escape, as in a Python string, for each unprintable character."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii")
        for each in text
    )
