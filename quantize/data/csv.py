"""Read FER2013 from Kaggle's `fer2013.csv`, also gzipped, from `icml_face_data.csv` and their like.

Columns may be in any order, with others between them, separated by commas, tabs or semicolons; text
may be ASCII, UTF-8, UTF-16 or UTF-32, with the line ends of any system. Pixels are separated by
blanks, or, within quotes or brackets, by commas, as pandas writes lists. A row is a line, so the
line number of an error is that of an editor. Blank lines are passed over. Where no column names the
usages, as in the `train.csv` of Kaggle's challenge, one row in HELD_OUT of a class is PublicTest.
"""

import codecs
import csv
import gzip
import io
import math
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from edge_fer.errors import DataError, DataReason
from edge_fer.models.kind import FACE_PX
from quantize.data.classes import FER2013, Classes, find_usage
from quantize.data.fer2013 import TEST, USAGES, BadRowError, Fer2013, RowCollector
from quantize.data.places import HELD_OUT

NO_USAGES = (
    f"no column Usage: one row in {HELD_OUT} of each class is PublicTest, the others are Training"
)
_COLUMNS = ("emotion", "pixels", "Usage")
# What others call them.
_NAMES: dict[str, tuple[str, ...]] = {
    "emotion": ("emotion", "label", "class", "emotions", "expression"),
    "pixels": ("pixels", "pixel", "image"),
    "Usage": ("usage", "split", "set"),
}
_SEPARATORS = b",\t;|"
_PIXELS = FACE_PX * FACE_PX
_INTEGER = re.compile(rb"-?[0-9]+")
_GZIP_MAGIC = b"\x1f\x8b"
_HEAD_BYTES = 4096
_STEP_ROWS = 256  # rows between two reports of progress
_BLANKS = b' "\r\n'
_SHARE = re.compile(rb"[01](\.[0-9]+)?(e-[0-9]+)?")
_WHOLE = re.compile(rb"([0-9]+)\.0*(?=[ ]|$)")  # 217.0 is 217
_LISTED = bytes.maketrans(b",[]", b"   ")

# What a download turns out to be, by how it begins, in lower case.
_NOT_CSV: tuple[tuple[bytes, str], ...] = (
    (b"<!doctype", "a web page: the site wants you to log in before it gives the file"),
    (b"<html", "a web page: the site wants you to log in before it gives the file"),
    (b"<", "a page of XML, as servers answer when they refuse a file: fetch it again"),
    (b"version https://git-lfs", "a pointer of Git LFS: fetch the file with `git lfs pull`"),
    (b"%pdf", "a PDF"),
    (b"pk\x03\x04", "an archive or workbook: save it as CSV"),
    (b"{", "JSON"),
    (b"par1", "a Parquet file: save it as CSV"),
    (b"\x89png", "a picture: give the folder of pictures"),
    (b"\xff\xd8\xff", "a picture: give the folder of pictures"),
)


def read_csv(
    path: Path,
    *,
    skip_bad: bool,
    advance: Callable[[int], None],
    classes: Classes = FER2013,
) -> Fer2013:
    """Read a CSV file; `advance` is called with the bytes that were read since its last call.

    UserError names file, line and reason of the first bad row; with `skip_bad`, bad rows are
    counted instead. A missing column or a damaged archive is an error in either case.
    """
    try:
        with path.open("rb") as raw:
            return read_stream(raw, str(path), skip_bad=skip_bad, advance=advance, classes=classes)
    except OSError as error:
        raise DataError(
            DataReason.UNREADABLE, f"{path}: cannot be read ({error.strerror or error})"
        ) from error


def read_stream(
    raw: IO[bytes],
    source: str,
    *,
    skip_bad: bool,
    advance: Callable[[int], None],
    classes: Classes = FER2013,
) -> Fer2013:
    """Read the bytes of a CSV file, gzipped or not, as `read_csv`; OSError where they cannot be."""
    collector = RowCollector(skip_bad=skip_bad, classes=classes.labels)
    plain = cast("Any", raw)  # BufferedReader takes anything that has read and readinto
    buffered = io.BufferedReader(plain, 1 << 16)
    try:
        if buffered.peek(2)[:2] == _GZIP_MAGIC:
            # GzipFile is an io.RawIOBase in all but its declaration.
            zipped = cast("Any", gzip.GzipFile(fileobj=buffered))
            buffered = io.BufferedReader(zipped, 1 << 20)
        notes = _read_rows(buffered, raw, source, collector, advance, classes)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            DataReason.UNREADABLE, f"{source}: damaged gzip file ({error}): fetch it again"
        ) from error
    return collector.dataset(source, notes)


def all_of_usage(dataset: Fer2013, usage: str) -> Fer2013:
    """Return the rows of a file without usages as rows of `usage`; those of another unchanged."""
    if NO_USAGES not in dataset.notes:
        return dataset
    return replace(
        dataset,
        usages=np.full(len(dataset), USAGES.index(usage), np.uint8),
        notes=(f"no column Usage: all rows are {usage}",),
    )


@dataclass(frozen=True, slots=True)
class _Columns:
    separator: bytes
    number: int
    label: int
    pixels: int
    usage: int | None  # None: no column says it


def _read_rows(
    text: io.BufferedReader,
    raw: IO[bytes],
    source: str,
    collector: RowCollector,
    advance: Callable[[int], None],
    classes: Classes,
) -> tuple[str, ...]:
    """Give the rows to `collector`; return what is to be known of how they were read."""
    lines = _lines(text, source)
    header = next(lines, b"")
    columns = _find_columns(header, source)
    heads = [field.strip(_BLANKS) for field in header.split(columns.separator)]
    words = _Words(classes)
    reported = 0
    for number, line in enumerate(lines, start=2):
        if number % _STEP_ROWS == 0:
            position = raw.tell()
            advance(position - reported)
            reported = position
        fields = _split(line, columns)
        if not any(fields):
            continue
        try:
            if fields == heads:
                raise BadRowError("second header", "the first line again: were two files joined?")
            pixels, label, usage = _parse_row(fields, columns, words)
            if label is None:
                collector.pass_over("row of a class that was not asked for", f"line {number}")
            else:
                collector.add(pixels, label, usage)
        except BadRowError as problem:
            collector.reject(f"{source}, line {number}", problem)
    advance(raw.tell() - reported)
    return (NO_USAGES,) if columns.usage is None else ()


def _split(line: bytes, columns: _Columns) -> list[bytes]:
    """Return the fields of a row; what is quoted may hold separators."""
    fields = [field.strip(_BLANKS) for field in line.split(columns.separator)]
    if len(fields) > columns.number and b'"' in line:
        separator = columns.separator.decode("ascii")
        text = line.decode("ascii", errors="replace")
        quoted = next(csv.reader([text], delimiter=separator, skipinitialspace=True), [])
        fields = [field.encode("ascii", errors="replace").strip(_BLANKS) for field in quoted]
    while len(fields) > columns.number and not fields[-1]:
        fields.pop()  # separators at the end of the line
    return fields


def _lines(text: io.BufferedReader, source: str) -> Iterator[bytes]:
    """Return the lines of a file in any of the usual encodings and line ends, in ASCII."""
    head = text.peek(_HEAD_BYTES)[:_HEAD_BYTES]
    encoding = _encoding(head)
    plain = head.removeprefix(codecs.BOM_UTF8)
    if encoding is not None:
        plain = head.decode(encoding, errors="replace").encode("ascii", errors="replace")
    start = plain.lstrip().lower()
    for magic, what in _NOT_CSV:
        if start.startswith(magic):
            raise DataError(DataReason.BAD_FORMAT, f"{source}: this is {what}")
    if b"\x00" in plain:
        raise DataError(DataReason.BAD_FORMAT, f"{source}: this is binary data and no text")
    if encoding is None and not (b"\r" in head and b"\n" not in head):
        return iter(text)
    # Any line end becomes \n here; a byte that is not of the encoding makes its row a bad one.
    return _recoded(text, encoding or "latin-1")


def _recoded(text: io.BufferedReader, encoding: str) -> Iterator[bytes]:
    wrapped = io.TextIOWrapper(text, encoding, errors="replace", newline=None)
    yield from (line.encode("ascii", errors="replace") for line in wrapped)
    wrapped.detach()  # else the file is closed with it


def _encoding(head: bytes) -> str | None:
    """Return the encoding of text in units of two or four bytes, None for one of single bytes."""
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"  # first: its mark begins with that of UTF-16
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # Without a mark: each second byte of ASCII text is 0.
    for encoding, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[0::2])):
        if len(zeros) > 8 and zeros.count(0) > 0.9 * len(zeros):
            return encoding
    return None


def _find_columns(header: bytes, source: str) -> _Columns:
    """Return the places of label, pixels and usage; order and further columns are free."""
    text = header.removeprefix(codecs.BOM_UTF8)
    separator = max((bytes([each]) for each in _SEPARATORS), key=text.count)
    names = [
        name.strip(_BLANKS).decode("ascii", errors="replace").lower()
        for name in text.split(separator)
    ]
    found = {
        column: next((names.index(name) for name in known if name in names), None)
        for column, known in _NAMES.items()
    }
    missing = [column for column, place in found.items() if place is None]
    if missing and missing != ["Usage"]:
        what = ""
        if names == [""]:
            what = " (the file is empty)"
        elif len(missing) == len(_COLUMNS) and names[0].isdigit():
            what = " (it is a row and not a header)"
        raise DataError(
            DataReason.BAD_FORMAT,
            f"{source}, line 1: the header has no column {' and no '.join(missing)}{what}: "
            "FER2013 has the columns emotion,pixels,Usage",
        )
    label, pixels, usage = (found[column] for column in _COLUMNS)
    return _Columns(separator, len(names), cast("int", label), cast("int", pixels), usage)


class _Words:
    """What the words of a row stand for, looked up once each."""

    def __init__(self, classes: Classes) -> None:
        self._classes = classes
        self._labels: dict[bytes, int | None] = {}
        self._usages: dict[bytes, int] = {name.encode(): code for code, name in enumerate(USAGES)}
        self._taken: Counter[int | None] = Counter()  # rows of each class, where no usage is named

    def label(self, word: bytes) -> int | None:
        """Return the class, None for one that was not asked for; BadRowError for another word."""
        if word not in self._labels:
            first, names = self._classes.first_code, self._classes.codes
            end = first + len(names)
            text = _WHOLE.sub(rb"\1", word).decode("ascii", errors="replace")
            try:
                code = self._classes.find(text) if word else None
                if code is None:
                    from_one = ": do they count from 1? lower them by 1" if text == f"{end}" else ""
                    raise BadRowError(
                        "unknown label",
                        f"{_quote(word)} is not in {first}..{end - 1}, "
                        f"nor one of {', '.join(self._classes.labels)}{from_one}",
                    )
                self._labels[word] = code
            except ValueError:
                self._labels[word] = None
        return self._labels[word]

    def usage(self, word: bytes) -> int:
        """Return the usage; BadRowError for another word."""
        if word not in self._usages:
            name = find_usage(word.decode("ascii", errors="replace"))
            if name is None:
                raise BadRowError("unknown usage", f"{_quote(word)} is none of {', '.join(USAGES)}")
            self._usages[word] = TEST if name == "test" else USAGES.index(name)
        return self._usages[word]

    def next_usage(self, label: int | None) -> int:
        """Return the usage of the next row of a class in a file that names none."""
        self._taken[label] += 1
        held_out = self._taken[label] % HELD_OUT == 0
        return USAGES.index("PublicTest" if held_out else "Training")


def _parse_row(
    fields: list[bytes], columns: _Columns, words: _Words
) -> tuple[bytes, int | None, int]:
    if len(fields) != columns.number:
        detail = f"{len(fields)} instead of {columns.number}"
        if len(fields) >= _PIXELS:
            detail += ": separate the pixels by blanks, or put them in quotes"
        raise BadRowError("wrong number of columns", detail)
    label = words.label(fields[columns.label])
    usage = None if columns.usage is None else words.usage(fields[columns.usage])
    pixels = _parse_pixels(fields[columns.pixels])
    return pixels, label, words.next_usage(label) if usage is None else usage


def _parse_pixels(text: bytes) -> bytes:
    # Nothing but digits and spaces goes to NumPy, which takes "1+2" for two numbers.
    if text.translate(None, b"0123456789 "):
        text = _WHOLE.sub(rb"\1", text.translate(_LISTED).strip())
    if not text or text.translate(None, b"0123456789 "):
        raise _explain(text)
    values = np.fromstring(text, np.int64, sep=" ")  # clips what exceeds 64 bits: out of range
    if len(values) != _PIXELS or values.max() > 255:
        raise _explain(text)
    return values.astype(np.uint8).tobytes()


def _explain(text: bytes) -> BadRowError:
    """Say what is wrong with pixels that did not parse; slow, for bad rows alone."""
    words = text.split()
    if len(words) == _PIXELS and all(_SHARE.fullmatch(word) for word in words):
        return BadRowError("pixel values are shares", "of 0 to 1: multiply them by 255 and round")
    for position, word in enumerate(words, start=1):
        if not _INTEGER.fullmatch(word):
            return BadRowError(
                "pixel value is not a whole number",
                f"{_quote(word)} is pixel {position} of the row",
            )
        if len(word) > 4 or not 0 <= int(word) <= 255:
            return BadRowError(
                "pixel value out of range",
                f"{_quote(word)} is pixel {position} of the row and not in 0..255",
            )
    side = math.isqrt(len(words))
    square = f" ({side}x{side}: images of other sizes are read from folders)"
    return BadRowError(
        "wrong pixel count",
        f"{len(words)} instead of {_PIXELS}{square if side * side == len(words) > 256 else ''}",
    )


def _quote(text: bytes) -> str:
    shown = text[:24].decode("ascii", errors="replace")
    return f"'{shown}...'" if len(text) > 24 else f"'{shown}'"
