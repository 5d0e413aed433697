"""What the firmware of a Raspberry Pi says of supply and clock: `vcgencmd get_throttled`."""

from pathlib import Path

# Bits 0 to 3 are now, 16 to 19 since the start. The kernel's file needs no right and no device.
THROTTLED = Path("/sys/devices/platform/soc/soc:firmware/get_throttled")
THROTTLE_BITS = {0: "undervoltage", 1: "frequency capped", 2: "throttled", 3: "soft temperature"}
SINCE = 16  # the same four, shifted by so much: it happened since the start


def read_throttle_bits(root: Path = Path("/")) -> int | None:
    """Return the bits, or None where a machine does not say."""
    try:
        return int((root / THROTTLED.relative_to("/")).read_text(encoding="ascii"), 16)
    except (OSError, ValueError):
        return None


def throttle_names(bits: int, *, since_start: bool = False) -> tuple[str, ...]:
    """Return what holds the machine back, now or at any time since its start."""
    shift = SINCE if since_start else 0
    return tuple(name for bit, name in THROTTLE_BITS.items() if bits >> (bit + shift) & 1)
