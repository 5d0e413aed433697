"""How an SLCAN adapter is opened: a dialogue, each command of which is answered. Pure.

As in Lawicel's CANUSB manual: CR is yes, BEL is no. A frame or command is refused while the channel
is not open; bit rate and time-stamps are refused while it is. Monotonic seconds throughout.

A side that answers nothing is a microcontroller, an adapter that still boots, or one whose firmware
never answers. It gets frames at once, and for a while the commands too, without waiting.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from firmware_bridge.backoff import Backoff

# Lawicel CANUSB manual; S9 and rates by bit timing (`s`) are not the same at all makers.
BITRATES = {
    10_000: b"S0\r",
    20_000: b"S1\r",
    50_000: b"S2\r",
    100_000: b"S3\r",
    125_000: b"S4\r",
    250_000: b"S5\r",
    500_000: b"S6\r",
    800_000: b"S7\r",
    1_000_000: b"S8\r",
}
DEFAULT_BITRATE = 500_000
CLOSE_COMMAND = b"C\r"
STAMPS_OFF_COMMAND = b"Z0\r"  # adapters keep the setting of the program before in their memory
STATUS_COMMAND = b"F\r"
_OPEN_COMMANDS = {False: b"O\r", True: b"L\r"}

# A USB adapter answers within 20 ms (16 of them are the usual timer of an FTDI chip).
FIRST_REPLY_S = 0.05
REPLY_S = 0.25  # of one that answered before
QUIET_S = 0.02  # after the first reply to `C`: those to frames before it come, too
LONGEST_CLOSE_S = 0.15
# Refused frames in a row that mean that the channel is not open: 0.2 s of ours. One alone may be a
# full buffer.
REFUSALS = 3
UNANSWERED_FRAMES, UNANSWERED_S = 10, 0.6
FIRST_RETRY_S, LONGEST_RETRY_S = 0.25, 8.0
LONGEST_KNOWN_RETRY_S = 1.0  # of an adapter that answered before
BLIND_EVERY_S = 0.5
BLIND_S = 6.0  # no board boots for longer
POLL_S = 1.0
FORGET_S = 10.0  # an adapter that was never opened and says nothing any more

_FLAGS = {0x04: "error warning", 0x20: "error passive", 0x80: "bus error"}  # of `F`, CANUSB manual


class AdapterUse(Enum):
    """What is at the other end of a serial line."""

    AUTO = "auto"  # found out
    YES = "yes"  # no frame before it has answered
    NO = "no"  # a microcontroller: no command is sent


@dataclass(frozen=True, slots=True)
class AdapterSettings:
    """How an adapter is opened; `settle_s` is the time before the first byte is sent."""

    use: AdapterUse = AdapterUse.AUTO
    bitrate: int = DEFAULT_BITRATE
    listen_only: bool = False
    settle_s: float = 0.0

    @property
    def commands(self) -> tuple[bytes, ...]:
        """Return the commands that open the channel, in order."""
        return (
            CLOSE_COMMAND,
            BITRATES[self.bitrate],
            STAMPS_OFF_COMMAND,
            _OPEN_COMMANDS[self.listen_only],
        )


@dataclass(frozen=True, slots=True)
class Replies:
    """What arrived: replies that say yes and no, status flags, and lines that no adapter sends."""

    taken: int = 0
    refused: int = 0
    statuses: int = 0
    status: int = 0  # the latest
    rejected: int = 0

    @property
    def count(self) -> int:
        """Return how many replies there are."""
        return self.taken + self.refused + self.statuses


class _Phase(Enum):
    SETTLING = "settling"
    CLOSING = "C"
    RATE = "S"
    STAMPS = "Z"
    OPENING = "O"
    OPEN = "open"
    WAITING = "waiting"  # before the next try
    SILENT = "silent"
    NO_ADAPTER = "no adapter"


_STEPS = (_Phase.CLOSING, _Phase.RATE, _Phase.STAMPS, _Phase.OPENING)
_TAKES_FRAMES = (_Phase.OPEN, _Phase.SILENT, _Phase.NO_ADAPTER)


class AdapterDialogue:
    """Opens an adapter, and opens it again when it refuses frames.

    Call `advance` when something arrived and at `next_s`, and write what it returns; call `sent`
    for each frame that was written.
    """

    def __init__(self, settings: AdapterSettings, now_s: float) -> None:
        self._settings = settings
        self._phase = _Phase.SETTLING
        self._next_s = now_s + settings.settle_s
        self._started_s = now_s  # of this phase
        self._is_known = settings.use is AdapterUse.YES  # it was open before
        self._answers_frames = False
        self._has_status = False
        self._replied = False  # to `C`
        self._refusals = 0  # in a row
        self._unanswered = 0
        self._answered_s = now_s
        self._backoff = Backoff(FIRST_RETRY_S, LONGEST_RETRY_S)
        self._not_before_s = now_s  # the next dialogue
        self._blind_until_s = now_s
        self._silent_tries = 0
        self.openings = 0
        self.frames_refused = 0
        self.trouble: str | None = None
        self.flags = 0  # of the adapter's latest status
        self._advance: dict[_Phase, Callable[[float, Replies], bytes]] = {
            _Phase.SETTLING: self._wait,
            _Phase.WAITING: self._wait,
            _Phase.CLOSING: self._close,
            _Phase.RATE: self._step,
            _Phase.STAMPS: self._step,
            _Phase.OPENING: self._step,
            _Phase.OPEN: self._watch,
            _Phase.SILENT: self._look_for,
            _Phase.NO_ADAPTER: self._count,
        }
        if settings.use is AdapterUse.NO:
            self._phase, self._next_s = _Phase.NO_ADAPTER, float("inf")

    @property
    def next_s(self) -> float:
        """Return when `advance` has something to do, if nothing arrives before."""
        return self._next_s

    @property
    def may_send(self) -> bool:
        """Return whether frames are to be written now."""
        silent = self._phase is _Phase.SILENT
        if silent and self._settings.use is AdapterUse.YES:
            return False
        return self._phase in _TAKES_FRAMES

    @property
    def is_settled(self) -> bool:
        """Return whether the first dialogue is over, whatever came of it."""
        return self._phase in (*_TAKES_FRAMES, _Phase.WAITING)

    def sent(self) -> None:
        """Note that a frame was written."""
        self._unanswered += 1

    def advance(self, now_s: float, replies: Replies) -> bytes:
        """Return what is to be written now, given the replies since the call before."""
        if replies.count:
            self._answered_s = now_s
        if replies.rejected and self._phase in _STEPS and not self._is_known:
            return self._be_silent(now_s)  # noise, in which every reply can be found
        return self._advance[self._phase](now_s, replies)

    def _wait(self, now_s: float, _: Replies) -> bytes:
        return self._begin(now_s) if now_s >= self._next_s else b""

    def _count(self, _: float, replies: Replies) -> bytes:
        self.frames_refused += replies.refused
        return b""

    def _begin(self, now_s: float) -> bytes:
        self._enter(_Phase.CLOSING, now_s, REPLY_S if self._is_known else FIRST_REPLY_S)
        self._replied = False
        return CLOSE_COMMAND

    def _close(self, now_s: float, replies: Replies) -> bytes:
        if replies.count:
            self._replied = True
            self._next_s = min(now_s + QUIET_S, self._started_s + LONGEST_CLOSE_S)
        if now_s < self._next_s:
            return b""
        if not self._replied:
            return self._be_silent(now_s)
        return self._command(_Phase.RATE, now_s)

    def _step(self, now_s: float, replies: Replies) -> bytes:
        # Adapters without time-stamps refuse Z0.
        if replies.taken or (replies.refused and self._phase is _Phase.STAMPS):
            if self._phase is _Phase.OPENING:
                return self._opened(now_s)
            return self._command(_STEPS[_STEPS.index(self._phase) + 1], now_s)
        command = self._settings.commands[_STEPS.index(self._phase)].decode().strip()
        if replies.refused:
            return self._fail(f"the adapter refuses {command}{self._hint()}", now_s)
        if now_s >= self._next_s:
            return self._fail(f"the adapter does not answer {command}", now_s)
        return b""

    def _hint(self) -> str:
        if self._phase is _Phase.RATE:
            return f" ({self._settings.bitrate} bit/s); try ?bitrate="
        return " (listen-only); try ?listen=no" if self._settings.listen_only else ""

    def _opened(self, now_s: float) -> bytes:
        self.openings += 1
        self._is_known = True
        self._refusals = self._unanswered = self._silent_tries = 0
        self._not_before_s = now_s + self._backoff.wait_s
        self._enter(_Phase.OPEN, now_s, POLL_S)
        return STATUS_COMMAND

    def _watch(self, now_s: float, replies: Replies) -> bytes:
        """Follow the replies to frames and, where the adapter knows it, to `F`."""
        if replies.statuses:
            self._has_status = True
            self.flags = replies.status
        # The first `F` is refused by those that do not know it.
        is_probe = not self._has_status and now_s < self._started_s + REPLY_S
        refused = max(0, replies.refused - is_probe)
        was_unanswered = self._unanswered
        self.frames_refused += refused
        if replies.taken:
            self._refusals = 0
            self._answers_frames = self._answers_frames or self._unanswered > 0
            self._backoff.reset()
        else:
            self._refusals += refused
        if replies.taken or refused:
            self._unanswered = 0
        if refused and self._has_status and not was_unanswered:
            self._refusals = REFUSALS  # it was `F`, which an open channel does not refuse
        if self._refusals >= REFUSALS:
            return self._open_again("the adapter refuses frames", now_s)
        silent = now_s - self._answered_s > UNANSWERED_S
        if silent and self._answers_frames and self._unanswered >= UNANSWERED_FRAMES:
            return self._open_again("the adapter does not answer", now_s)
        if not self._refusals and now_s >= self._started_s + POLL_S:
            self.trouble = self._bus_trouble()
        if now_s < self._next_s:
            return b""
        self._next_s = now_s + POLL_S
        if not self._has_status:
            return b""
        if now_s - self._answered_s > 2 * POLL_S + UNANSWERED_S:
            return self._open_again("the adapter does not answer", now_s)
        # Refused, it has no open channel any more: the same as a refused frame.
        return STATUS_COMMAND

    def _bus_trouble(self) -> str | None:
        names = [name for bit, name in _FLAGS.items() if self.flags & bit]
        return f"CAN bus: {', '.join(names)}" if names else None

    def _open_again(self, why: str, now_s: float) -> bytes:
        self.trouble = why
        if now_s < self._not_before_s:
            return b""
        self._backoff.next_s()
        return self._begin(now_s)

    def _fail(self, why: str, now_s: float) -> bytes:
        self.trouble = why
        if not self._is_known:
            return self._be_silent(now_s)
        self._enter(_Phase.WAITING, now_s, self._backoff.next_s(LONGEST_KNOWN_RETRY_S))
        return b""

    def _be_silent(self, now_s: float) -> bytes:
        """Give an unanswered line the commands without waiting, for a while."""
        if self._is_known:
            self.trouble = "the adapter does not answer"
        if self._silent_tries == 0:
            self._blind_until_s = now_s + BLIND_S
        self._silent_tries += 1
        self._not_before_s = now_s + self._backoff.next_s()
        self._enter(_Phase.SILENT, now_s, BLIND_EVERY_S)
        return b"".join(self._settings.commands)

    def _look_for(self, now_s: float, replies: Replies) -> bytes:
        if not replies.rejected:  # noise has every byte in it
            refused = min(replies.refused, self._unanswered)
            self.frames_refused += refused
            self._unanswered -= refused
        if replies.taken + replies.refused > 0 and not replies.rejected:
            if now_s >= self._not_before_s:
                return self._begin(now_s)
        elif not self._is_known and now_s > self._answered_s + FORGET_S:
            self.trouble = None
        if now_s < self._next_s:
            return b""
        self._next_s = now_s + BLIND_EVERY_S
        if now_s < self._blind_until_s or self._is_known:
            return b"".join(self._settings.commands)
        self._next_s = float("inf")
        return b""

    def _command(self, phase: _Phase, now_s: float) -> bytes:
        self._enter(phase, now_s, REPLY_S)
        return self._settings.commands[_STEPS.index(phase)]

    def _enter(self, phase: _Phase, now_s: float, wait_s: float) -> None:
        self._phase = phase
        self._started_s = now_s
        self._next_s = now_s + wait_s
