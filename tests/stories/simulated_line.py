"""Hours of traffic between our side and the controller's in simulated time, over a faulty line.

Real are schedule, protection, framing, parsers, supervision and the controller's side; the clock,
the port and the vision loop are simulated.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from firmware_bridge.controller.side import ControllerSide
from firmware_bridge.controller.vehicle import ALL_RIGHT, VehicleState
from firmware_bridge.e2e.profile22 import Profile22Sender
from firmware_bridge.e2e.state_machine import ReceiverState
from firmware_bridge.faults.line import FaultyLine
from firmware_bridge.faults.outages import Outages
from firmware_bridge.faults.spec import FaultSpec
from firmware_bridge.link.schedule import Schedule, Snapshot
from firmware_bridge.protocol.cobs import CobsParser, encode_packet
from firmware_bridge.protocol.database import definition, definitions
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.messages import (
    ControllerStatusMessage,
    DriverRequestMessage,
    DriverStateMessage,
    encode,
)
from firmware_bridge.protocol.slcan import SlcanParser, encode_line
from firmware_bridge.reception.supervision import FrameStatus, MessageSupervisor

TICK_S = 0.01
TIMEOUT_S = 0.35  # of DriverState and ControllerStatus
VISION_S = 0.1
CLEAN_END_S = 2.0  # at the end nothing is wrong any more: all must be well again
STATES = (1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12)
STATE_LASTS_S = (2.0, 20.0)
ASKS_EVERY_S = 60.0
VALID_S = 20.0

ENCODERS: dict[str, Callable[[CanFrame], bytes]] = {"slcan": encode_line, "cobs": encode_packet}
PARSERS: dict[str, Callable[[], SlcanParser | CobsParser]] = {
    "slcan": SlcanParser,
    "cobs": CobsParser,
}


@dataclass
class Findings:
    """What became of the traffic. Times in seconds."""

    sent: Counter[str] = field(default_factory=Counter)  # frames, by message
    statuses: Counter[FrameStatus] = field(default_factory=Counter)  # at the controller
    used: int = 0  # driver states that the controller acted on
    false_used: int = 0  # of all frames used at either end: never sent like that
    out_of_order: int = 0
    used_twice: int = 0
    oldest_used_s: float = 0.0  # of a driver state, since it was sent
    held_too_long: int = 0  # moments with a state whose last good frame is over 350 ms ago
    trusted_s: float = 0.0
    longest_wrong_s: float = 0.0  # without the current state at the controller
    asked: int = 0
    shown: int = 0
    answered: int = 0  # known to our side
    longest_pending: int = 0  # bytes that a parser kept
    outages: int = 0
    ends_well: bool = False
    line_faults: Counter[str] = field(default_factory=Counter)


class SentLog:
    """Which bytes were sent as frames of a message, and when last."""

    def __init__(self) -> None:
        self._times: dict[tuple[int, bytes], float] = {}
        self.latest_used_s = -1.0

    def sent(self, frame: CanFrame) -> None:
        self._times[frame.can_id, frame.data] = frame.time_s

    def time_of(self, frame: CanFrame) -> float | None:
        return self._times.get((frame.can_id, frame.data))


class SimulatedLine:
    """Run it once for `seconds` of simulated time."""

    def __init__(self, spec: FaultSpec, scheme: str = "slcan") -> None:
        self._spec = spec
        self._random = random.Random(spec.seed)
        self._encode = ENCODERS[scheme]
        self._new_parser = PARSERS[scheme]
        self.found = Findings()
        self._ours_sent, self._theirs_sent = SentLog(), SentLog()
        # Our side, as the link has it.
        self._schedule = Schedule(0.0)
        self._senders = {
            name: Profile22Sender(known.data_ids)
            for name, known in definitions().items()
            if name != ControllerStatusMessage.NAME
        }
        self._supervisor = MessageSupervisor(definition(ControllerStatusMessage.NAME))
        self._our_parser = self._new_parser()
        # The line.
        self._out, self._back = FaultyLine(spec, "out"), FaultyLine(spec, "back")
        self._stalls, self._unplugs, self._reboots = (
            Outages(spec, kind, 0.0) for kind in ("stall", "unplug", "reboot")
        )
        self._was_unplugged = self._was_rebooting = False
        # The controller.
        self._side = ControllerSide(VehicleState(80.0, answer=ALL_RIGHT), 0.0)
        self._their_parser = self._new_parser()
        # The vision loop.
        self._state, self._sequence, self._request_id = 1, 0, 0
        self._changes_s = self._published_s = 0.0
        self._asks_s = 5.0
        self._request: DriverRequestMessage | None = None
        self._count = 0
        self._shown_ids: set[int] = set()
        self._answered_ids: set[int] = set()
        self._wrong_since_s = 0.0
        self._good_s = 0.0  # the controller's latest good driver state

    def run(self, seconds: float) -> Findings:
        for tick in range(round(seconds / TICK_S)):
            now_s = tick * TICK_S
            if seconds - now_s <= CLEAN_END_S:
                self._heal()
            self._watch_driver(now_s)
            unplugged, stalled = self._unplugs.active(now_s), self._stalls.active(now_s)
            rebooting = self._reboots.active(now_s)
            self._replug(now_s, unplugged=unplugged)
            if not unplugged:
                self._send(now_s)
            if not rebooting:
                if self._was_rebooting:
                    self._side.reboot(now_s)
                    self._their_parser = self._new_parser()
                self._control(now_s, unplugged=unplugged)
            self._was_rebooting = rebooting
            if not stalled:
                self._deliver(now_s, rebooting=rebooting)
            self._judge(now_s, down=rebooting)
        found = self.found
        found.outages = self._stalls.count + self._unplugs.count + self._reboots.count
        found.line_faults = self._out.done + self._back.done
        found.shown, found.answered = len(self._shown_ids), len(self._answered_ids)
        found.ends_well = (
            self._heard_state() == self._state
            and self._supervisor.state is ReceiverState.VALID
            and self._side.watch.receiver_state(DriverStateMessage.NAME) is ReceiverState.VALID
        )
        return found

    def _heal(self) -> None:
        if self._spec == FaultSpec(seed=self._spec.seed):
            return
        done = self._stalls.count + self._unplugs.count + self._reboots.count
        self._spec = FaultSpec(seed=self._spec.seed)
        for line in (self._out, self._back):
            line.spec = self._spec
        self._stalls, self._unplugs, self._reboots = (
            Outages(self._spec, kind, 0.0) for kind in ("stall", "unplug", "reboot")
        )
        self._stalls.count = done

    def _watch_driver(self, now_s: float) -> None:
        if now_s >= self._changes_s:
            self._changes_s = now_s + self._random.uniform(*STATE_LASTS_S)
            self._state = self._random.choice([s for s in STATES if s != self._state])
            self._sequence = (self._sequence + 1) % 255
            self._wrong_since_s = now_s
            self._published_s = now_s
        if now_s >= self._asks_s:
            self._asks_s = now_s + ASKS_EVERY_S
            self._request_id = self._request_id % 254 + 1
            self._request = DriverRequestMessage(1, self._request_id, 1, VALID_S, 33)
            self.found.asked += 1
            self._published_s = now_s
        if now_s < self._published_s:
            return
        self._published_s = now_s + VISION_S
        self._count += 1
        # The content numbers the snapshots, so that each frame is one of its kind for an hour.
        driver = DriverStateMessage(
            self._state,
            confidence_percent=self._count % 250 * 0.4,
            drowsiness_percent=self._count // 250 * 0.4,
            event_sequence=self._sequence,
        )
        self._schedule.update(Snapshot(now_s, driver, request=self._request), now_s)

    def _replug(self, now_s: float, *, unplugged: bool) -> None:
        if unplugged:
            self._out.clear()
            self._back.clear()
        elif self._was_unplugged:
            self._our_parser = self._new_parser()
            self._schedule.restart(now_s)
        self._was_unplugged = unplugged

    def _send(self, now_s: float) -> None:
        for message in self._schedule.take_due(now_s):
            data = self._senders[message.NAME].protect(encode(message))
            frame = CanFrame(definition(message.NAME).can_id, data, now_s)
            self._ours_sent.sent(frame)
            self.found.sent[message.NAME] += 1
            self._out.write(self._encode(frame), now_s)

    def _control(self, now_s: float, *, unplugged: bool) -> None:
        self._side.pass_time(now_s)
        frame = self._side.take_due(now_s)
        if frame is not None:
            self._theirs_sent.sent(frame)
            self.found.sent[ControllerStatusMessage.NAME] += 1
            if not unplugged:
                self._back.write(self._encode(frame), now_s)

    def _deliver(self, now_s: float, *, rebooting: bool) -> None:
        for data in self._out.take_due(now_s):
            if not rebooting:
                for frame in self._their_parser.feed(data, now_s):
                    self._take_theirs(frame)
        for data in self._back.take_due(now_s):
            for frame in self._our_parser.feed(data, now_s):
                self._take_ours(frame)
        for parser in (self._our_parser, self._their_parser):
            self.found.longest_pending = max(self.found.longest_pending, held_bytes(parser))

    def _take_theirs(self, frame: CanFrame) -> None:
        judged = self._side.take(frame)
        self.found.statuses[judged.status] += 1
        shown = self._side.desk.shown
        if shown is not None and shown.request.request_id is not None:
            self._shown_ids.add(shown.request.request_id)
        if judged.is_good and isinstance(judged.message, DriverStateMessage):
            self._good_s = frame.time_s
        if judged.usable:
            sent_s = self._ours_sent.time_of(frame)
            if sent_s is None:
                self.found.false_used += 1
            elif isinstance(judged.message, DriverStateMessage):
                self.found.used += 1
                self.found.out_of_order += sent_s < self._ours_sent.latest_used_s
                self.found.used_twice += sent_s == self._ours_sent.latest_used_s
                self._ours_sent.latest_used_s = sent_s
                self.found.oldest_used_s = max(self.found.oldest_used_s, frame.time_s - sent_s)

    def _take_ours(self, frame: CanFrame) -> None:
        if frame.can_id != definition(ControllerStatusMessage.NAME).can_id:
            return
        judged = self._supervisor.judge(frame)
        if not judged.usable or not isinstance(judged.message, ControllerStatusMessage):
            return
        if self._theirs_sent.time_of(frame) is None:
            self.found.false_used += 1
            return
        if judged.message.acknowledged_id is not None:
            self._schedule.acknowledge(judged.message.acknowledged_id)
            if judged.message.answer == ALL_RIGHT:
                self._answered_ids.add(judged.message.acknowledged_id)

    def _heard_state(self) -> int | None:
        heard = self._side.watch.latest(DriverStateMessage)
        return None if heard is None else heard[0].state

    def _judge(self, now_s: float, *, down: bool) -> None:
        if down:
            self._wrong_since_s = now_s
            return
        self._supervisor.check_overdue(now_s)
        heard = self._side.watch.latest(DriverStateMessage)
        if heard is not None:
            self.found.trusted_s += TICK_S
            self.found.held_too_long += now_s - self._good_s > TIMEOUT_S + TICK_S
        if heard is not None and heard[0].state == self._state:
            self._wrong_since_s = now_s
        else:
            wrong_s = now_s - self._wrong_since_s
            self.found.longest_wrong_s = max(self.found.longest_wrong_s, wrong_s)


def held_bytes(parser: SlcanParser | CobsParser) -> int:
    """Return how much of an unfinished line or packet a parser holds."""
    return parser.kept_bytes if isinstance(parser, SlcanParser) else parser.pending_bytes
