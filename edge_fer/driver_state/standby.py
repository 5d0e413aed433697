"""The vehicle's state and the driver's answers, as far as they are known."""

from dataclasses import dataclass

from edge_fer.observation import Vehicle


@dataclass(frozen=True, slots=True)
class Standby:
    """The vehicle's last unambiguous command on whether the driver may be watched.

    All other signals of the vehicle become unknown when it stops sending. A switch-off does not:
    the controller of a parked vehicle goes to sleep, and a camera that then opened by itself would
    film people who were told that it is off. A switch-off ends with a switch-on, or when the
    ignition is next switched on. Without any message, as without a controller, the driver is
    watched.
    """

    enabled: bool | None = None
    ignition_on: bool | None = None

    def heard(self, vehicle: Vehicle) -> "Standby":
        """Return the command after this message, or after none."""
        starts = self.ignition_on is False and vehicle.ignition_on is True
        enabled = None if starts else self.enabled
        return Standby(
            enabled if vehicle.enabled is None else vehicle.enabled,
            self.ignition_on if vehicle.ignition_on is None else vehicle.ignition_on,
        )

    @property
    def reason(self) -> str | None:
        """The reason why the driver must not be watched; None if there is none."""
        if self.enabled is False:
            return "switched off"
        return "ignition off" if self.ignition_on is False else None
