"""Which faults happen, and how often."""

from dataclasses import dataclass, fields

from firmware_bridge.errors import InputError, InputReason


@dataclass(frozen=True, slots=True)
class FaultSpec:
    """Shares are 0..1: `flip` of all bits, the others of all writes.

    `stall`, `unplug` and `reboot` are the mean seconds between two of them; 0 is never. The same
    `seed` does the same to the same writes.
    """

    flip: float = 0.0  # a bit is turned over
    burst: float = 0.0  # some bits in a row are turned to anything
    drop: float = 0.0  # a write is lost
    duplicate: float = 0.0  # it comes twice
    reorder: float = 0.0  # it comes after the next one
    delay: float = 0.0  # it comes late, and all behind it
    split: float = 0.0  # it comes in two pieces
    merge: float = 0.0  # it comes together with the next one
    garbage: float = 0.0  # noise comes before it
    stall: float = 0.0  # for a while nothing passes; then all at once
    unplug: float = 0.0  # the port vanishes and comes back
    reboot: float = 0.0  # the controller falls silent and begins anew
    seed: int = 1


_OUTAGES = ("stall", "unplug", "reboot")
SHORTEST_BETWEEN_S = 1.0


def parse_faults(text: str) -> FaultSpec:
    """Return the faults that `text` names, as `drop=0.1,stall=5`; BridgeError for anything else."""
    values: dict[str, float] = {}
    for item in text.split(","):
        name, equals, value = (part.strip() for part in item.partition("="))
        known = [field.name for field in fields(FaultSpec)]
        if not equals or name not in known:
            raise InputError(
                InputReason.UNKNOWN_NAME,
                f"faults: {item.strip()!r} is not NAME=VALUE of {', '.join(known)}",
            )
        values[name] = _value(name, value)
    seed = int(values.pop("seed", FaultSpec().seed))
    return FaultSpec(**values, seed=seed)


def _value(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if name == "seed":
        fits, allowed = value == value // 1 and 0 <= value < 2**32, "a whole number from 0"
    elif name in _OUTAGES:
        fits = value == 0.0 or SHORTEST_BETWEEN_S <= value < float("inf")
        allowed = f"seconds between two, 0 or from {SHORTEST_BETWEEN_S:g}"
    else:
        fits, allowed = 0.0 <= value <= 1.0, "a share, 0..1"
    if not fits:
        raise InputError(InputReason.BAD_VALUE, f"faults: {name}={text}: {allowed} is expected")
    return value
