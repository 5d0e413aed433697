"""Whether this machine's clock follows a reference: recordings say so beside their wall time."""

import ctypes

_TIMEX_BYTES = 256  # `struct timex` has 208 on 64-bit Linux
_TIME_ERROR = 5  # of adjtimex(2): not synchronised


def clock_is_synchronised() -> bool:
    """Return what the kernel says of its clock; False where it says nothing."""
    try:
        # All zero asks and changes nothing.
        state: int = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (OSError, AttributeError):
        return False
    return 0 <= state < _TIME_ERROR
