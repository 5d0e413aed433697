"""The encoding of a recording that is text: what Windows writes is often UTF-16."""

import codecs
from collections.abc import Iterator
from typing import BinaryIO

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # first: it begins with the mark of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def encoding_of(beginning: bytes) -> str:
    """Return the encoding that a byte order mark names, else UTF-8, with or without its mark."""
    return next((name for mark, name in _MARKS if beginning.startswith(mark)), "utf-8-sig")


def utf8_chunks(file: BinaryIO, size: int) -> Iterator[bytes]:
    """Yield the bytes of a file, without its byte order mark, and in UTF-8 where that says UTF-16.

    Each chunk comes from `size` bytes of the file, not empty. UTF-32 is read like UTF-16; the bytes
    of any other encoding stay as they are.
    """
    chunk = file.read(size)
    encoding = encoding_of(chunk)
    if encoding == "utf-8-sig":
        if chunk:
            yield chunk.removeprefix(codecs.BOM_UTF8)
        while chunk := file.read(size):
            yield chunk
        return
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    while chunk:
        yield decoder.decode(chunk).encode("utf-8", errors="replace")
        chunk = file.read(size)
    yield decoder.decode(b"", final=True).encode("utf-8", errors="replace")
