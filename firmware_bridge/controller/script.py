"""A script for the vehicle: lines of a second and what changes then.

0    speed=0 ignition=on enable=on
3.5  speed=80 answer=all-right     # all later requests are answered so
20   enable=off
25   talk=off                      # the controller falls silent
"""

from dataclasses import dataclass
from pathlib import Path

from firmware_bridge.controller.vehicle import NAMES, VehicleState, change
from firmware_bridge.errors import BridgeError, InputError, InputReason


@dataclass(frozen=True, slots=True)
class Cue:
    """At `time_s` after the start these values change, by name and as words."""

    time_s: float
    changes: tuple[tuple[str, str], ...]


def read_script(path: Path) -> tuple[Cue, ...]:
    """Return the cues of the file; BridgeError, with the line, for what is none."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(
            InputReason.UNREADABLE, f"script: {path} cannot be read: {error.strerror}"
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(InputReason.UNREADABLE, f"script: {path} is not text") from error
    return parse_script(text, str(path))


def parse_script(text: str, name: str = "script") -> tuple[Cue, ...]:
    """Return the cues in order; BridgeError, with the line, for what is none."""
    cues: list[Cue] = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        try:
            cue = _cue(words)
            if cues and cue.time_s < cues[-1].time_s:
                raise InputError(
                    InputReason.BAD_FORMAT,
                    f"{words[0]} s is before the line above; put them in order",
                )
        except BridgeError as error:
            raise InputError(InputReason.BAD_FORMAT, f"{error} ({name} line {number})") from error
        cues.append(cue)
    return tuple(cues)


def _cue(words: list[str]) -> Cue:
    try:
        time_s = float(words[0])
    except ValueError:
        time_s = -1.0
    if not 0.0 <= time_s < float("inf"):
        raise InputError(
            InputReason.BAD_FORMAT,
            f"{words[0]!r} is not a time; begin the line with seconds, as in 3.5",
        )
    if not words[1:]:
        raise InputError(
            InputReason.BAD_FORMAT, f"nothing happens at {words[0]} s; write NAME=VALUE behind it"
        )
    changes: list[tuple[str, str]] = []
    for word in words[1:]:
        key, equals, value = word.partition("=")
        if not equals:
            raise InputError(
                InputReason.BAD_FORMAT, f"{word!r} is not NAME=VALUE; names are {', '.join(NAMES)}"
            )
        change(VehicleState(), key, value)  # a mistake shows now and not in the middle of a test
        changes.append((key, value))
    return Cue(time_s, tuple(changes))


class ScriptPlayer:
    """Hands out the changes when their time has come."""

    def __init__(self, cues: tuple[Cue, ...]) -> None:
        self._waiting = list(cues)

    def advance(self, vehicle: VehicleState, elapsed_s: float) -> VehicleState:
        """Return `vehicle` after all that was to happen up to `elapsed_s` and has not yet."""
        while self._waiting and self._waiting[0].time_s <= elapsed_s:
            for name, value in self._waiting.pop(0).changes:
                vehicle = change(vehicle, name, value)
        return vehicle
