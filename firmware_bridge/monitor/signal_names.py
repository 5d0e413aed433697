"""Names of signals, as a user types them: `Health.Temperature`, or `Temperature` alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from firmware_bridge.errors import InputError, InputReason
from firmware_bridge.protocol.database import SignalDefinition, definition, definitions


@dataclass(frozen=True, slots=True)
class SignalName:
    """A signal of the DBC."""

    message: str
    signal: str

    @property
    def definition(self) -> SignalDefinition:
        """The definition of the signal in the DBC."""
        return definition(self.message).signals[self.signal]

    def __str__(self) -> str:
        return f"{self.message}.{self.signal}"


def parse_signals(text: str) -> tuple[SignalName, ...]:
    """Return the signals in `text`, separated by commas, each once; BridgeError for others.

    The name of a message alone selects all of its signals. Names are not case-sensitive.
    """
    found: list[SignalName] = []
    for word in (word.strip() for word in text.split(",")):
        if word:
            found += _named(word)
    if not found:
        raise InputError(
            InputReason.BAD_VALUE, "signals: none are named; use DriverState.State,Health.Latency"
        )
    return tuple(dict.fromkeys(found))


def _named(word: str) -> Sequence[SignalName]:
    every = [SignalName(name, s) for name, known in definitions().items() for s in known.signals]
    wanted = word.casefold()
    matching = [
        name
        for name in every
        if wanted in (str(name).casefold(), name.signal.casefold(), name.message.casefold())
    ]
    if matching:
        return matching
    names = [*map(str, every), *(name.signal for name in every), *definitions()]
    folded = {name.casefold(): name for name in names}
    close = [folded[near] for near in get_close_matches(wanted, folded, n=3, cutoff=0.5)]
    remedy = f"did you mean {' or '.join(close)}?" if close else "see edge-fer dbc for all"
    raise InputError(InputReason.UNKNOWN_NAME, f"signals: there is no {word!r}: {remedy}")
