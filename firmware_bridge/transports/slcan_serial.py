"""SLCAN on a serial port: what adapters, slcand, python-can and SavvyCAN speak."""

import contextlib
import re
import threading
import time
from collections.abc import Mapping

from firmware_bridge.errors import LinkError, LinkReason, SendTimeoutError, TransportError
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.slcan import SlcanParser, encode_line
from firmware_bridge.protocol.slcan_adapter import (
    BITRATES,
    CLOSE_COMMAND,
    DEFAULT_BITRATE,
    AdapterDialogue,
    AdapterSettings,
    AdapterUse,
    Replies,
)
from firmware_bridge.transports.address import NumberOption, choice, number, split_options
from firmware_bridge.transports.base import TransportCounters
from firmware_bridge.transports.byte_port import BytePort
from firmware_bridge.transports.place import Place, open_place, place_of

SETTLE_MS = NumberOption("settle_ms", 0, 0, 10_000)
_OPTIONS = ("baudrate", "bitrate", "adapter", "listen", "settle_ms", "reset")
_LONGEST_OPENING_S = 0.4  # of an adapter that answers; what takes longer goes on by the way


def check_slcan(address: str) -> None:
    """BridgeError where the options of an address are wrong; opens nothing."""
    _parse(address, listen_only=False)


def open_slcan(
    address: str, *, listen_only: bool = False, patience_s: float = 0.0
) -> "SlcanTransport":
    """Open `PORT` or `PORT?option=VALUE&...`; see `open_place` for what goes wrong.

    `baudrate` is that of the serial line, `bitrate` that of the CAN bus; `adapter` is auto, yes or
    no; `listen` is yes or no, by default `listen_only`; `settle_ms` is the time before the first
    byte, for boards that begin anew when their port is opened; `reset=no` keeps them from it where
    they can be kept. `patience_s` is how long an adapter that boots is waited for: then none of its
    frames is lost. A link does not wait: it has newer frames all the time.
    """
    place, settings = _parse(address, listen_only=listen_only)
    return SlcanTransport(open_place(place), settings, patience_s)


def _parse(address: str, *, listen_only: bool) -> tuple[Place, AdapterSettings]:
    port, options = split_options("slcan", address, _OPTIONS)
    place = place_of("slcan", address, port, options)
    listens = ("yes", "no") if listen_only else ("no", "yes")
    settings = AdapterSettings(
        use=AdapterUse(choice("slcan", address, "adapter", ("auto", "yes", "no"), options)),
        bitrate=_bitrate(address, options),
        listen_only=choice("slcan", address, "listen", listens, options) == "yes",
        settle_s=number("slcan", address, SETTLE_MS, options) / 1000.0,
    )
    return place, settings


def _bitrate(address: str, options: Mapping[str, str]) -> int:
    text = options.get("bitrate", str(DEFAULT_BITRATE))
    found = re.fullmatch(r"([0-9]{1,7})([kM]?)", text)
    value = int(found[1]) * {"": 1, "k": 1000, "M": 1_000_000}[found[2]] if found else 0
    if value not in BITRATES:
        known = ", ".join(f"{rate // 1000}k" for rate in BITRATES)
        raise LinkError(
            LinkReason.BAD_ADDRESS,
            f"link: slcan:{address}: bitrate {text!r} has no S command; use one of {known}",
        )
    return value


class SlcanFraming:
    """Frames as lines, and the replies of an adapter between them."""

    def __init__(self) -> None:
        self._parser = SlcanParser()
        self._received_bytes = 0

    @property
    def counters(self) -> TransportCounters:
        """Return what became of the bytes; replies of an adapter are understood, too."""
        parsed = self._parser.counters
        return TransportCounters(
            frames_received=parsed.frames,
            rejected_lines=parsed.rejected_lines,
            rejected_bytes=parsed.rejected_bytes,
            received_bytes=self._received_bytes,
            understood_bytes=self._received_bytes
            - parsed.rejected_bytes
            - parsed.foreign_bytes
            - self._parser.pending_bytes,
            foreign_bytes=parsed.foreign_bytes,
        )

    @property
    def replies(self) -> Replies:
        """Return the replies so far."""
        parsed = self._parser.counters
        return Replies(
            taken=parsed.taken,
            refused=parsed.refused,
            statuses=parsed.statuses,
            status=parsed.status,
            rejected=parsed.rejected_lines,
        )

    def encode(self, frame: CanFrame) -> bytes:
        """Return the line of `frame`; ValueError as `encode_line`."""
        return encode_line(frame)

    def feed(self, data: bytes, time_s: float) -> list[CanFrame]:
        """Return the frames that `data` completes, stamped `time_s`."""
        self._received_bytes += len(data)
        return self._parser.feed(data, time_s)


class SlcanTransport:
    """A transport over an open port, which it closes; opens an adapter's channel when it has to."""

    def __init__(self, port: BytePort, settings: AdapterSettings, patience_s: float = 0.0) -> None:
        self._port = port
        self._settings = settings
        self._framing = SlcanFraming()
        self._frames_sent = 0
        self._talking = threading.Lock()  # of the next two
        self._dialogue = AdapterDialogue(settings, time.monotonic())
        self._replies = Replies()
        self._early: list[CanFrame] = []  # received while the channel was being opened
        try:
            self._open(patience_s)
        except TransportError:
            port.close()
            raise

    @property
    def counters(self) -> TransportCounters:
        """Return what passed so far."""
        return self._framing.counters + TransportCounters(
            frames_sent=self._frames_sent,
            frames_refused=self._dialogue.frames_refused,
            channel_openings=self._dialogue.openings,
        )

    @property
    def trouble(self) -> str | None:
        """Return why the adapter takes no frames; None where it does, or where there is none."""
        return self._dialogue.trouble

    @property
    def backlog_s(self) -> float:
        """Return how long the oldest unsent byte has waited."""
        return self._port.backlog_s()

    def fileno(self) -> int | None:
        """Return the port's descriptor."""
        return self._port.fileno()

    def send(self, frame: CanFrame) -> None:
        """Write the line of `frame`; see `Transport.send`."""
        line = self._framing.encode(frame)
        self._talk()
        if not self._dialogue.may_send:
            why = self._dialogue.trouble or "the adapter's channel is being opened"
            raise SendTimeoutError(f"link: {self._port.name}: {why}")
        self._port.write(line)
        self._frames_sent += 1
        self._dialogue.sent()

    def receive(self, timeout_s: float) -> list[CanFrame]:
        """Return the frames that arrived; see `Transport.receive`."""
        frames, self._early = self._early, []
        deadline_s = time.monotonic() + (0.0 if frames else timeout_s)
        while True:
            now_s = time.monotonic()
            left_s = max(0.0, deadline_s - now_s)
            frames += self._take(min(left_s, max(0.0, self._dialogue.next_s - now_s)))
            if frames or left_s == 0.0:
                return frames

    def close(self) -> None:
        """Close the channel and the port."""
        self._port.close(b"" if self._settings.use is AdapterUse.NO else CLOSE_COMMAND)

    def _open(self, patience_s: float) -> None:
        """Wait for an adapter that answers at once, and for others as long as is asked for."""
        start_s = time.monotonic()
        self._talk()
        while not self._dialogue.may_send:
            now_s = time.monotonic()
            at_once = self._settings.settle_s == 0.0 and not self._dialogue.is_settled
            end_s = start_s + max(patience_s, _LONGEST_OPENING_S if at_once else 0.0)
            if now_s >= end_s:
                return
            self._early += self._take(max(0.0, min(end_s, self._dialogue.next_s) - now_s))

    def _take(self, wait_s: float) -> list[CanFrame]:
        data = self._port.read(wait_s)
        # What arrives may be a reply of the adapter or half a line.
        frames = self._framing.feed(data, time.monotonic()) if data else []
        self._talk()
        return frames

    def _talk(self) -> None:
        """Take the dialogue with the adapter on."""
        with self._talking:
            so_far, before = self._framing.replies, self._replies
            self._replies = so_far
            commands = self._dialogue.advance(
                time.monotonic(),
                Replies(
                    taken=so_far.taken - before.taken,
                    refused=so_far.refused - before.refused,
                    statuses=so_far.statuses - before.statuses,
                    status=so_far.status,
                    rejected=so_far.rejected - before.rejected,
                ),
            )
        if commands:
            with contextlib.suppress(SendTimeoutError):  # nobody reads yet; it is asked again
                self._port.write(commands)
