"""A picture with what it shows, as it passes the local socket of a daemon. Pure.

A packet is one line of JSON, and after it as many bytes of JPEG as the line says.
"""

import json
from dataclasses import asdict, dataclass

from edge_fer.from_json import from_json
from edge_fer.live.scene import Scene

FORMAT = 1
MOST_HEADER_BYTES = 1 << 16
MOST_JPEG_BYTES = 1 << 22


@dataclass(frozen=True, slots=True)
class Header:
    """The line before a JPEG.

    `width` and `height` are those of the camera's picture, in whose pixels `scene` is; the JPEG may
    be smaller. Both are 0, and `jpeg_bytes` too, where there is no picture; `scene` is None in a
    standby. `ended` says why no
    more packets come; else it is None.
    """

    format: int
    scene: Scene | None
    width: int
    height: int
    jpeg_bytes: int
    ended: str | None = None

    def to_line(self) -> bytes:
        """Return it as one line of JSON."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> "Header":
        """Return what `to_line` made; ValueError where it is something else."""
        try:
            header = from_json(cls, json.loads(line))
        except RecursionError as error:
            raise ValueError("nested too deep") from error
        if header.format != FORMAT:
            raise ValueError(f"format {header.format}, not {FORMAT}")
        if not 0 <= header.jpeg_bytes <= MOST_JPEG_BYTES:
            raise ValueError(f"a picture of {header.jpeg_bytes} bytes")
        return header
