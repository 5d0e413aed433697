"""The answer of `edge-fer status` as a person reads it."""

from typing import Any


def status_as_text(answer: dict[str, Any]) -> str:
    """Return one line for each thing worth knowing."""
    health, counters = answer["health"], answer["counters"]
    latency, temperature = health["latency_ms"], health["temperature_c"]
    rows = [
        ("driver", f"{answer['state']} ({answer['reason']})"),
        (
            "camera",
            f"{answer['camera']}: {health['camera_fps']:.0f} fps, {health['fps']:.0f} judged, "
            + ("latency unknown" if latency is None else f"{latency:.0f} ms to a decision"),
        ),
        (
            "frames",
            f"{health['frames']}, dropped {health['dropped']}; in the last hour"
            f" {health['stalls_last_hour']} stalls,"
            f" {health['camera_restarts_last_hour']} restarts of the camera",
        ),
        ("model", answer["model"] + (" (fallback)" if answer["model_is_fallback"] else "")),
        (
            "link",
            f"{answer['link']}: {'open' if counters['connected'] else 'LOST'},"
            f" sent {counters['frames_sent']}, dropped {counters['frames_dropped']},"
            f" lost {counters['connections_lost']} times",
        ),
        ("temperature", "unknown" if temperature is None else f"{temperature:.0f} °C"),
        ("throttling", _throttling(health["throttled"])),
        (
            "daemon",
            f"edge-fer {answer['version']}, process {answer['pid']},"
            f" up {duration(answer['uptime_s'])}",
        ),
    ]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:{width}}  {text}" for name, text in rows)


def _throttling(names: list[str] | None) -> str:
    return "unknown" if names is None else ", ".join(names) or "none"


def duration(seconds: float) -> str:
    """Return a time as "3 d 4 h", "5 h 12 min", "2 min 8 s" or "9 s"."""
    whole = int(seconds)
    days, hours = divmod(whole // 3600, 24)
    minutes, rest = whole // 60 % 60, whole % 60
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
