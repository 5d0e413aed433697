"""The vehicle's state and the driver's answers, as far as they are known."""

from dataclasses import dataclass

from edge_fer.observation import Vehicle


@dataclass(frozen=True, slots=True)
class Standby:
    """The vehicle's last clear word on whether the driver may be watched.

    Everything else that it says is unknown once it falls silent. A no is not: the controller of a
    parked vehicle goes to sleep, and a camera that opens by itself then films whoever was told that
    it is off. It ends with a yes, or with the next start of the engine. A vehicle that never said
    anything is watched, as one without a controller.
    """

    enabled: bool | None = None
    ignition_on: bool | None = None

    def heard(self, vehicle: Vehicle) -> "Standby":
        """Return what holds after the vehicle said this, or nothing."""
        starts = self.ignition_on is False and vehicle.ignition_on is True
        enabled = None if starts else self.enabled
        return Standby(
            enabled if vehicle.enabled is None else vehicle.enabled,
            self.ignition_on if vehicle.ignition_on is None else vehicle.ignition_on,
        )

    @property
    def reason(self) -> str | None:
        """Why the driver is not to be watched; None where that is not so."""
        if self.enabled is False:
            return "switched off"
        return "ignition off" if self.ignition_on is False else None
