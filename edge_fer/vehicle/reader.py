"""The vehicle's state in each turn: the link's frames, as far as they are trusted."""

import logging

from edge_fer.observation import Vehicle
from edge_fer.vehicle.incoming import decode_vehicle
from edge_fer.vehicle.settings import VehicleConfig
from edge_fer.vehicle.trust import TrustCounters, VehicleTrust
from firmware_bridge.link.link import Link

_log = logging.getLogger(__name__)


class VehicleReader:
    """Reads the controller of `link`; `off` is whether the vehicle is switched off at the start."""

    def __init__(self, link: Link, config: VehicleConfig, *, off: bool = False) -> None:
        self._link = link
        self._trust = VehicleTrust(config.may_switch_off, off=off)
        self._warned = False

    @property
    def counters(self) -> TrustCounters:
        """What was not believed so far."""
        return self._trust.counters

    def read(self) -> Vehicle:
        """Return the vehicle's latest message, as far as it is trusted."""
        taken = self._link.take_controller_frames()
        frames = [(time_s, decode_vehicle(message)) for time_s, message in taken]
        latest = decode_vehicle(self._link.controller)
        rejected = self._link.counters.controller_frames_rejected
        vehicle = self._trust.update(frames, latest, rejected)
        if self._trust.many_switch_offs and not self._warned:
            _log.warning(
                "the vehicle switched the monitoring off more than three times within an hour:"
                " is somebody else on the bus?"
            )
        self._warned = self._trust.many_switch_offs
        return vehicle
