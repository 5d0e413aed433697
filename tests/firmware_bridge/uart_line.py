"""What a UART at one baud rate makes of a line that another drives: eight bits, no parity."""

BITS_OF_A_BYTE = 10  # start, eight data bits from the lowest, stop


def drive(data: bytes, idle_bits: int = 0) -> bytes:
    """Return the level of the line in each bit time of the sender, then `idle_bits` of rest."""
    levels = bytearray()
    for byte in data:
        levels.append(0)
        levels += bytes(byte >> bit & 1 for bit in range(8))
        levels.append(1)
    return bytes(levels) + b"\1" * idle_bits


def sample(levels: bytes, ratio: float) -> bytes:
    """Return what a receiver reads whose baud rate is `ratio` times the sender's.

    As hardware does it: a byte begins at a falling edge if the line is still low half a bit later;
    each bit is taken in its middle. Where the stop bit is missing the byte counts all the same (a
    Linux terminal passes it on unless told otherwise), and the next one begins at the next edge.
    """
    bit = 1.0 / ratio
    read = bytearray()
    position = levels.find(0)
    while position >= 0:
        start = float(position)
        if _level(levels, start + bit / 2):
            position = _falling_edge(levels, start + bit / 2)
            continue
        read.append(sum(_level(levels, start + bit * (1.5 + i)) << i for i in range(8)))
        position = _falling_edge(levels, start + bit * 9.5)
    return bytes(read)


def _level(levels: bytes, time: float) -> int:
    index = int(time)
    return levels[index] if index < len(levels) else 1


def _falling_edge(levels: bytes, time: float) -> int:
    """Return where the line next goes from high to low; -1 if it does not."""
    high = levels.find(1, int(time))
    return -1 if high < 0 else levels.find(0, high)
