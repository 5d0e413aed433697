"""One JSON object a line, whole also where Ctrl-C comes in the middle."""

import json
from typing import TextIO


def write_json_line(out: TextIO, value: object) -> None:
    """Write `value` and the end of its line at once, and flush: a reader wants it as it happens.

    `print` writes them one after the other, and an interrupt between them would put the next line
    behind this one.
    """
    out.write(json.dumps(value) + "\n")
    out.flush()
