"""What the keys of `edge-fer controller` do. Pure."""

from dataclasses import replace

from firmware_bridge.controller.side import ControllerSide
from firmware_bridge.controller.vehicle import (
    ALL_RIGHT,
    DISABLED,
    ENABLED,
    HIGHEST_SPEED_KM_H,
    NOT_ALL_RIGHT,
    OFF,
    ON,
)

QUIT = "q"
SPEED_STEP_KM_H = 10.0
HELP_KEY = "?"
KEYS: tuple[tuple[str, str, str], ...] = (
    ("+ -", "speed", f"raise or lower the speed by {SPEED_STEP_KM_H:g} km/h"),
    ("i", "ignition", "switch the ignition on or off"),
    ("e", "enable", "switch the monitoring of the driver on or off"),
    ("y", "all right", "answer the request: the driver is all right"),
    ("n", "not all right", "answer the request: the driver is not all right"),
    ("t", "talk", "send ControllerStatus, or stop sending it"),
    ("b", "reboot", "restart the controller: all counters begin anew"),
    (HELP_KEY, "help", "this help"),
    ("q", "quit", "end, and show the totals"),
)


def press(side: ControllerSide, key: str, now_s: float) -> None:
    """Do what `key` asks for; others are ignored."""
    vehicle = side.vehicle
    speed = vehicle.speed_km_h or 0.0
    match key:
        case "+" | "=":
            raised = min(speed + SPEED_STEP_KM_H, HIGHEST_SPEED_KM_H)
            side.vehicle = replace(vehicle, speed_km_h=raised)
        case "-":
            side.vehicle = replace(vehicle, speed_km_h=max(speed - SPEED_STEP_KM_H, 0.0))
        case "i":
            side.vehicle = replace(vehicle, ignition=OFF if vehicle.ignition == ON else ON)
        case "e":
            flipped = DISABLED if vehicle.enable == ENABLED else ENABLED
            side.vehicle = replace(vehicle, enable=flipped)
        case "t":
            side.vehicle = replace(vehicle, talk=not vehicle.talk)
        case "y":
            side.desk.answer(ALL_RIGHT)
        case "n":
            side.desk.answer(NOT_ALL_RIGHT)
        case "b":
            side.reboot(now_s)
