"""Read FER2013 from Kaggle's `fer2013.csv`, also gzipped, and from its `icml_face_data.csv`.

The fields hold no comma, so a row is split at commas, and the line number of an error is the line
number of an editor. Blank lines are passed over.
"""

import gzip
import io
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np

from edge_fer.emotions import LABELS
from edge_fer.errors import DataError, DataReason
from edge_fer.models.kind import FACE_PX
from quantize.data.fer2013 import USAGES, BadRowError, Fer2013, RowCollector

_COLUMNS = ("emotion", "pixels", "Usage")
_PIXELS = FACE_PX * FACE_PX
_LABEL_CODES = {str(code).encode(): code for code in range(len(LABELS))}
_USAGE_CODES = {name.encode(): code for code, name in enumerate(USAGES)}
_INTEGER = re.compile(rb"-?[0-9]+")
_GZIP_MAGIC = b"\x1f\x8b"
_MAX_HEADER_BYTES = 4096
_STEP_ROWS = 256  # rows between two reports of progress


def read_csv(path: Path, *, skip_bad: bool, advance: Callable[[int], None]) -> Fer2013:
    """Read a CSV file; `advance` is told the bytes of the file that were read since its last call.

    UserError names file, line and reason of the first bad row; with `skip_bad`, bad rows are
    counted instead. A missing column or a damaged archive is an error in either case.
    """
    collector = RowCollector(skip_bad=skip_bad)
    try:
        with path.open("rb") as raw:
            zipped = raw.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
            raw.seek(0)
            text = io.BufferedReader(gzip.GzipFile(fileobj=raw), 1 << 20) if zipped else raw
            _read_rows(text, raw, str(path), collector, advance)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            DataReason.UNREADABLE, f"{path}: damaged gzip file ({error}): fetch it again"
        ) from error
    except OSError as error:
        raise DataError(
            DataReason.UNREADABLE, f"{path}: cannot be read ({error.strerror or error})"
        ) from error
    return collector.dataset(str(path))


def _read_rows(
    text: BinaryIO | io.BufferedReader,
    raw: io.BufferedReader,
    source: str,
    collector: RowCollector,
    advance: Callable[[int], None],
) -> None:
    columns = _find_columns(text.readline(_MAX_HEADER_BYTES), source)
    reported = 0
    for number, line in enumerate(text, start=2):
        if number % _STEP_ROWS == 0:
            position = raw.tell()
            advance(position - reported)
            reported = position
        fields = [field.strip(b' "\r\n') for field in line.split(b",")]
        if fields == [b""]:
            continue
        try:
            collector.add(*_parse_row(fields, columns))
        except BadRowError as problem:
            collector.reject(f"{source}, line {number}", problem)
    advance(raw.tell() - reported)


def _find_columns(header: bytes, source: str) -> tuple[int, int, int]:
    """Return the places of label, pixels and usage; the order of the columns is free."""
    text = header.removeprefix(b"\xef\xbb\xbf").decode("ascii", errors="replace")
    names = [name.strip(' "\r\n').lower() for name in text.split(",")]
    try:
        label, pixels, usage = (names.index(column.lower()) for column in _COLUMNS)
    except ValueError:
        missing = [column for column in _COLUMNS if column.lower() not in names]
        raise DataError(
            DataReason.BAD_FORMAT,
            f"{source}, line 1: the header has no column {' and no '.join(missing)}: "
            "FER2013 has the columns emotion,pixels,Usage",
        ) from None
    if len(names) != len(_COLUMNS):
        raise DataError(
            DataReason.BAD_FORMAT,
            f"{source}, line 1: {len(names)} columns in the header instead of 3",
        )
    return label, pixels, usage


def _parse_row(fields: list[bytes], columns: tuple[int, int, int]) -> tuple[bytes, int, int]:
    if len(fields) != len(_COLUMNS):
        raise BadRowError("wrong number of columns", f"{len(fields)} instead of {len(_COLUMNS)}")
    label, pixels, usage = (fields[column] for column in columns)
    if label not in _LABEL_CODES:
        raise BadRowError("unknown label", f"{_quote(label)} is not in 0..{len(LABELS) - 1}")
    if usage not in _USAGE_CODES:
        raise BadRowError("unknown usage", f"{_quote(usage)} is none of {', '.join(USAGES)}")
    return _parse_pixels(pixels), _LABEL_CODES[label], _USAGE_CODES[usage]


def _parse_pixels(text: bytes) -> bytes:
    # Nothing but digits and spaces goes to NumPy, which takes "1+2" for two numbers.
    if not text or text.translate(None, b"0123456789 "):
        raise _explain(text)
    values = np.fromstring(text, np.int64, sep=" ")  # clips what exceeds 64 bits: out of range
    if len(values) != _PIXELS or values.max() > 255:
        raise _explain(text)
    return values.astype(np.uint8).tobytes()


def _explain(text: bytes) -> BadRowError:
    """Say what is wrong with pixels that did not parse; slow, for bad rows alone."""
    words = text.split()
    for position, word in enumerate(words, start=1):
        if not _INTEGER.fullmatch(word):
            return BadRowError(
                "pixel value is not a number", f"{_quote(word)} is pixel {position} of the row"
            )
        if len(word) > 4 or not 0 <= int(word) <= 255:
            return BadRowError(
                "pixel value out of range",
                f"{_quote(word)} is pixel {position} of the row and not in 0..255",
            )
    return BadRowError("wrong pixel count", f"{len(words)} instead of {_PIXELS}")


def _quote(text: bytes) -> str:
    shown = text[:24].decode("ascii", errors="replace")
    return f"'{shown}...'" if len(text) > 24 else f"'{shown}'"
