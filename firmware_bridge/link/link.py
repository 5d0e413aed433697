"""The thread that sends to the vehicle controller, whatever happens to the port.

Nothing here can delay the vision loop or raise into it: `publish` stores the latest snapshot and
returns. `schedule` decides what to send and when; this module has the clock, the port and the
thread.
"""

import logging
import os
import select
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from firmware_bridge.e2e.profile22 import Profile22Sender
from firmware_bridge.errors import LinkReason, SendTimeoutError, TransportError
from firmware_bridge.link.connection import Connection
from firmware_bridge.link.schedule import Schedule, Snapshot, event_of
from firmware_bridge.link.tap import FrameTap
from firmware_bridge.protocol.database import definition
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.messages import (
    ControllerStatusMessage,
    DriverEvidenceMessage,
    DriverRequestMessage,
    DriverStateMessage,
    EmotionProbabilitiesMessage,
    FaultCountersMessage,
    HealthMessage,
    LinkTimingMessage,
    Message,
    PipelineFiguresMessage,
    encode,
)
from firmware_bridge.reception.garbled_line import LineJudge
from firmware_bridge.reception.supervision import MessageSupervisor
from firmware_bridge.transports import Transport, open_transport

_log = logging.getLogger(__name__)

_SENT = (
    DriverStateMessage.NAME,
    EmotionProbabilitiesMessage.NAME,
    HealthMessage.NAME,
    DriverRequestMessage.NAME,
    PipelineFiguresMessage.NAME,
    FaultCountersMessage.NAME,
    DriverEvidenceMessage.NAME,
    LinkTimingMessage.NAME,
)
# If sent data wait longer than this, cyclic frames are skipped: half a cycle of 0x3A0.
BEHIND_S = 0.05
# After so many accepted frames in a row, a refused frame is logged again: one second's frames.
_TAKEN_AGAIN = 50
# How often a bus without a descriptor to wait on (virtual) is asked for frames.
_POLL_S = 0.005
_KEPT = 64  # frames of the controller that were not fetched yet


@dataclass(frozen=True, slots=True)
class LinkCounters:
    """Counters of the link since its creation."""

    connected: bool
    connections_lost: int
    frames_sent: int
    frames_dropped: int  # the port did not accept them
    changes_superseded: int  # changes of state that a newer one replaced before they were sent
    frames_received: int
    controller_frames_rejected: int  # wrong length, CRC or sequence, or repeated
    rejected_lines: int
    rejected_bytes: int
    frames_refused: int = 0  # by an adapter whose channel is not open, or whose buffer is full
    error_passive: int = 0  # of the CAN controller, as the next three
    bus_off: int = 0
    bus_restarts: int = 0
    unacknowledged: int = 0  # frames
    cycles_skipped: int = 0  # cyclic frames skipped because earlier ones still waited
    channels_reopened: int = 0  # an adapter's, on a port that stayed
    trouble: str | None = None  # why frames do not get through although the port is open


class Link:
    """Sends the latest snapshot over the transport of `uri`; receives from the controller.

    Call `open` first, so that a wrong port is an error at the start; then `start`; then `publish`
    for each new snapshot; then `stop`. A port that vanishes in between is reopened.
    """

    def __init__(
        self,
        uri: str,
        *,
        open_transport: Callable[[str], Transport] = open_transport,
        clock: Callable[[], float] = time.monotonic,
        tap: FrameTap | None = None,
    ) -> None:
        self._tap = FrameTap(None) if tap is None else tap
        self._clock = clock
        self._lock = threading.Lock()  # of the next two; held for an assignment, never for I/O
        self._waiting: Snapshot | None = None
        self._superseded = 0
        self._stopping = False
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        # Closed with this object and not in `stop`: a later `publish` would write into whatever
        # has the number by then. At exit the thread may still wait on it, so not then either.
        weakref.finalize(self, os.close, self._wake).atexit = False
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)

        # What follows is the thread's own once it runs; others read single values at most.
        self._connection = Connection(uri, open_transport)
        self._schedule = Schedule(clock())
        self._senders = {name: Profile22Sender(definition(name).data_ids) for name in _SENT}
        self._controller_id = definition(ControllerStatusMessage.NAME).can_id
        self._supervisor = MessageSupervisor(definition(ControllerStatusMessage.NAME))
        self._controller: tuple[ControllerStatusMessage, float] | None = None  # valid until
        self._frames_dropped = 0
        self._taken_in_row = 0
        self._controller_rejected = 0
        self._controller_frames: deque[tuple[float, ControllerStatusMessage]] = deque(maxlen=_KEPT)
        self._line_judge = LineJudge(uri)
        self._warned: set[str] = set()  # problems of received frames, at present

    def open(self) -> None:
        """Open the port in the caller's thread; BridgeError on failure."""
        self._connection.open(self._clock())

    def start(self) -> None:
        """Start the thread; without a previous `open`, it opens the port as soon as it exists."""
        self._thread.start()

    def publish(self, snapshot: Snapshot) -> None:
        """Hand over the latest snapshot for sending. Never waits for the port, never raises."""
        with self._lock:
            replaced, self._waiting = self._waiting, snapshot
            if replaced is not None and (
                event_of(replaced.driver_state) != event_of(snapshot.driver_state)
            ):
                self._superseded += 1
        self._wake_thread()

    def stop(self, timeout_s: float = 0.5) -> bool:
        """End the thread and close the port; return whether this succeeded within `timeout_s`."""
        self._stopping = True
        self._wake_thread()
        if self._thread.ident is None:  # never started
            self._connection.close()
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def controller(self) -> ControllerStatusMessage | None:
        """Return the controller's latest trusted message; None while it is unknown."""
        latest = self._controller
        if latest is None or self._clock() > latest[1]:
            return None
        return latest[0]

    def take_controller_frames(self) -> list[tuple[float, ControllerStatusMessage]]:
        """Return the trusted frames since the last call, with their times in monotonic seconds.

        At most the newest 64, which cover several seconds.
        """
        taken = []
        with suppress(IndexError):
            while True:
                taken.append(self._controller_frames.popleft())
        return taken

    @property
    def alive(self) -> bool:
        """Return whether the thread runs. Without it nothing is sent to the vehicle."""
        return self._thread.is_alive()

    @property
    def trouble(self) -> str | None:
        """Return why frames do not get through although the port is open; None if they do."""
        transport = self._connection.transport
        return None if transport is None else transport.trouble

    @property
    def counters(self) -> LinkCounters:
        """Return the counters so far."""
        passed = self._connection.counters
        return LinkCounters(
            connected=self._connection.transport is not None,
            connections_lost=self._connection.lost_count,
            frames_sent=passed.frames_sent,
            frames_dropped=self._frames_dropped,
            changes_superseded=self._superseded + self._schedule.superseded,
            frames_received=passed.frames_received,
            controller_frames_rejected=self._controller_rejected,
            rejected_lines=passed.rejected_lines,
            rejected_bytes=passed.rejected_bytes,
            frames_refused=passed.frames_refused,
            error_passive=passed.error_passive,
            bus_off=passed.bus_off,
            bus_restarts=passed.bus_restarts,
            unacknowledged=passed.unacknowledged,
            cycles_skipped=self._schedule.skipped,
            channels_reopened=max(0, passed.channel_openings - self._connection.opened_count),
            trouble=self.trouble,
        )

    def _run(self) -> None:
        while not self._stopping:
            try:
                self._step()
            except TransportError as error:
                if self._connection.lose(error, self._clock()):
                    _log.warning("%s; it is opened again as soon as it is back", error)
            except Exception as error:
                # A bug must not silence the link permanently: restart with a fresh port.
                lost = TransportError(LinkReason.FAILED, f"link: {error}")
                if self._connection.lose(lost, self._clock()):
                    _log.exception("the link goes on after an error")
        self._connection.close()
        self._tap.close()

    def _step(self) -> None:
        """Send what is due, wait for the next event, and process received frames."""
        now_s = self._clock()
        self._take_snapshot(now_s)
        if self._connection.reopen_if_due(now_s):
            self._schedule.restart(now_s)
            _log.info("link: %s is open", self._connection.uri)
        transport = self._connection.transport
        if transport is None:
            self._wait(None, self._connection.next_try_s)
            return
        for message in self._schedule.take_due(now_s, is_behind=transport.backlog_s > BEHIND_S):
            self._send(transport, message)
        if self._stopping:
            return
        self._wait(transport, self._schedule.next_s(now_s))
        for frame in transport.receive(0.0):
            self._take_frame(frame)
        self._warn("frames", transport.trouble, again="frames are taken again")
        self._warn("garbage", self._line_judge.judge(self._connection.counters))
        self._warn("another DBC", self._supervisor.foreign)

    def _take_snapshot(self, now_s: float) -> None:
        with self._lock:
            snapshot, self._waiting = self._waiting, None
        if snapshot is not None:
            self._schedule.update(snapshot, now_s)

    def _send(self, transport: Transport, message: Message) -> None:
        if self._stopping:
            return
        data = self._senders[message.NAME].protect(encode(message))
        frame = CanFrame(definition(message.NAME).can_id, data, self._clock())
        try:
            transport.send(frame)
            self._tap.publish(frame, sent=True)
            self._taken_in_row += 1
            if self._taken_in_row >= _TAKEN_AGAIN:
                self._warn("drops", None, again="frames are taken again")
        except SendTimeoutError as error:
            self._frames_dropped += 1
            self._taken_in_row = 0
            self._warn("drops", str(error).removeprefix("link: "))
        except TransportError:
            self._frames_dropped += 1
            raise

    def _wait(self, transport: Transport | None, until_s: float) -> None:
        """Wait until then, or until a frame, a snapshot or a stop request arrives."""
        left_s = until_s - self._clock()
        waiting = select.poll()
        waiting.register(self._wake, select.POLLIN)
        if transport is not None:
            descriptor = transport.fileno()
            if descriptor is None:
                left_s = min(left_s, _POLL_S)
            else:
                waiting.register(descriptor, select.POLLIN)
        # poll() counts whole milliseconds, rounded up here: never early, and at most 1 ms late.
        try:
            for ready, _ in waiting.poll(max(0.0, left_s) * 1000):
                if ready == self._wake:
                    os.eventfd_read(self._wake)
        except OSError:  # no memory for it: due frames are still sent
            time.sleep(min(max(0.0, left_s), _POLL_S))

    def _wake_thread(self) -> None:
        with suppress(OSError):  # the thread wakes by itself when the next message is due
            os.eventfd_write(self._wake, 1)

    def _warn(self, subject: str, warning: str | None, again: str = "") -> None:
        """Log a warning once when a problem begins, and `again` when it has ended."""
        if warning is None:
            if subject in self._warned and again:
                _log.info("link: %s: %s", self._connection.uri, again)
            self._warned.discard(subject)
        elif subject not in self._warned:
            self._warned.add(subject)
            _log.warning("link: %s: %s", self._connection.uri, warning)

    def _take_frame(self, frame: CanFrame) -> None:
        self._tap.publish(frame, sent=False)
        if frame.can_id != self._controller_id:
            return
        judged = self._supervisor.judge(frame)
        if not judged.is_good:
            self._controller_rejected += 1
        if not judged.usable or not isinstance(judged.message, ControllerStatusMessage):
            return
        self._controller_frames.append((frame.time_s, judged.message))
        self._controller = (judged.message, frame.time_s + (self._supervisor.timeout_s or 0.0))
        if judged.message.acknowledged_id is not None:
            self._schedule.acknowledge(judged.message.acknowledged_id)
