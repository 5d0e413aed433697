"""The controller's side of the wire: receives the device's frames, sends the vehicle's state.

Pure but for what it remembers; the caller brings the time (monotonic seconds).
"""

from firmware_bridge.controller.action import Advice, advise
from firmware_bridge.controller.request_desk import RequestDesk
from firmware_bridge.controller.vehicle import NO_ANSWER, VehicleState
from firmware_bridge.e2e.profile22 import Profile22Sender
from firmware_bridge.e2e.state_machine import ReceiverState
from firmware_bridge.protocol.database import definition, value_code
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.messages import (
    ControllerStatusMessage,
    DriverRequestMessage,
    DriverStateMessage,
    encode,
)
from firmware_bridge.reception.supervision import JudgedFrame
from firmware_bridge.reception.watching import Watch

_KNOWN = definition(ControllerStatusMessage.NAME)
CYCLE_S = _KNOWN.cycle_s or 0.1
_E2E_STATES = {
    state: value_code(ControllerStatusMessage.NAME, "E2eState", state.name)
    for state in ReceiverState
}


class ControllerSide:
    """Supervises what comes as a receiver has to, and makes the frames that go back.

    `watch` is what was received, `desk` has the requests, `vehicle` is what is sent.
    """

    def __init__(self, vehicle: VehicleState, now_s: float) -> None:
        self.vehicle = vehicle
        self.watch = Watch(now_s)
        self.desk = RequestDesk()
        self._sender = Profile22Sender(_KNOWN.data_ids)
        self._due_s = now_s

    @property
    def due_s(self) -> float:
        """Return when the next frame is to be sent."""
        return self._due_s

    def take(self, frame: CanFrame) -> JudgedFrame:
        """Take a received frame; a request goes to the desk."""
        judged = self.watch.take(frame)
        if judged.usable and isinstance(judged.message, DriverRequestMessage):
            self.desk.take(judged.message, frame.time_s)
        return judged

    def pass_time(self, now_s: float) -> None:
        """Notice what stayed away, and let the driver answer."""
        self.watch.check_overdue(now_s)
        self.desk.pass_time(now_s, self.vehicle.answer)

    def status(self) -> ControllerStatusMessage:
        """Return the vehicle's state now."""
        shown = self.desk.shown
        return ControllerStatusMessage(
            enable=self.vehicle.enable,
            ignition=self.vehicle.ignition,
            acknowledged_id=None if shown is None else shown.request.request_id,
            answer=NO_ANSWER if shown is None else shown.answer,
            e2e_state=_E2E_STATES[self.watch.receiver_state(DriverStateMessage.NAME)],
            speed_km_h=self.vehicle.speed_km_h,
        )

    def take_due(self, now_s: float) -> CanFrame | None:
        """Return the frame that is due, and count it as sent; None where none is."""
        if now_s < self._due_s:
            return None
        self._due_s += CYCLE_S
        if self._due_s <= now_s:  # it never catches up on what it missed
            self._due_s = now_s + CYCLE_S
        if not self.vehicle.talk:
            return None
        can_id = definition(ControllerStatusMessage.NAME).can_id
        return CanFrame(can_id, self._sender.protect(encode(self.status())), now_s)

    def advice(self) -> Advice:
        """Return what the vehicle would do now."""
        heard = self.watch.latest(DriverStateMessage)
        if heard is None:
            return advise(None, self.vehicle.speed_km_h)
        message, time_s = heard
        changes = self.watch.history
        held_s = time_s - changes[-1].time_s if changes else 0.0
        return advise(message, self.vehicle.speed_km_h, held_s)

    def warnings(self) -> dict[str, str]:
        """Return by subject what is wrong with received frames although the line is in order."""
        warning = self.watch.dbc_warning()
        return {} if warning is None else {"dbc": warning}

    def reboot(self, now_s: float) -> None:
        """Drop all received state and restart the counter, as after a power cycle."""
        self.watch = Watch(now_s)
        self.desk = RequestDesk()
        self._sender = Profile22Sender(_KNOWN.data_ids)
        self._due_s = now_s
