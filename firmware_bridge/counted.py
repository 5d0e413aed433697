"""A number with its noun, in singular or plural."""


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Return "1 frame", "2 frames" or "1,000 frames"; `plural` where it is not `noun` with an s."""
    word = noun if number == 1 else plural or f"{noun}s"
    return f"{number:,} {word}"
