"""Refuses a word or number on the command line that is none of those that there are."""

from collections.abc import Iterable

from edge_fer.errors import UsageError, UsageReason


def check_one_of(option: str, value: str | int, known: Iterable[str | int]) -> None:
    """UserError that names `option`, the value and what is `known`, unless the value is known."""
    known = tuple(known)
    if value not in known:
        raise UsageError(
            UsageReason.BAD_VALUE,
            f"{option}: {value!r} is not one of {', '.join(map(str, known))}",
        )
