"""Keeps the secrets of network cameras out of everything that is printed, logged or sent.

Vendors put passwords and tokens into the user part, the path and the query, under any name. So of a
network URI only scheme, host and port are ever shown, and the host only where it is certain which
part of the text it is: a password may hold `@`, `/`, `?` and `#`.
"""

import json
import re
from collections.abc import Mapping

MASK = "***"
NETWORK_SCHEMES = frozenset({"rtsp", "rtsps", "http", "https"})

# `//` at the start, after a scheme, or after what may stand before a URI in a sentence.
_START = re.compile(r"(?:(?<=:)|(?<![^\s\"'(\[{=<,]))//")
_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?")
_BEYOND_AUTHORITY = re.compile(r"[/?#\\]")
_CLOSING = re.compile(r"[\"'):,;.\]}>]*$")  # of the sentence around a URI


def redacted_uri(uri: str) -> str:
    """Return a URI as it may be shown: `rtsp://camera:554/***`, `rtsp://***`.

    The whole text counts as one URI, spaces included. One that is not of a network comes back as
    it is.
    """
    start = _START.search(uri)
    if start is not None:
        return uri[: start.end()] + _shown_host(uri[start.end() :])
    scheme, colon, rest = uri.partition(":")
    if colon and rest and scheme.strip().lower() in NETWORK_SCHEMES:
        return f"{scheme}:{MASK}"
    return uri


def redacted(text: str, *uris: str) -> str:
    """Return a text with all URIs in it as `redacted_uri` shows them.

    `uris` are those that are known to be in it: they are found whatever characters they hold, also
    where a library wrote them with escapes, as `repr` and JSON do, or with other white space. Of
    others each goes to the next white space.
    """
    for uri in sorted(filter(str.strip, uris), key=len, reverse=True):
        text = _known(uri).sub(redacted_uri(uri).replace("\\", r"\\"), text)
    parts = []
    at = 0
    while (start := _START.search(text, at)) is not None:
        parts.append(text[at : start.end()])
        token = re.match(r"\S*", text[start.end() :])
        rest = "" if token is None else token[0]
        closing = _CLOSING.search(rest)
        end = len(rest) if closing is None else closing.start()
        parts += [_shown_host(rest[:end]), rest[end:]]
        at = start.end() + len(rest)
    return "".join(parts) + text[at:]


def _known(uri: str) -> re.Pattern[str]:
    """Return what matches a URI in the ways in which it may have been written."""
    forms = {uri, repr(uri)[1:-1], json.dumps(uri)[1:-1], json.dumps(uri, ensure_ascii=False)[1:-1]}
    patterns = (r"\s+".join(map(re.escape, form.split())) for form in forms)
    return re.compile("|".join(sorted(patterns, key=len, reverse=True)))


def redacted_value(value: object) -> object:
    """Return a value of a config file with each text in it as `redacted_uri` shows it."""
    if isinstance(value, str):
        return redacted_uri(value)
    if isinstance(value, Mapping):
        return {redacted_value(key): redacted_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redacted_value(item) for item in value]
    return value


def _shown_host(rest: str) -> str:
    """Return what may be shown of what follows `//`."""
    if not rest or rest == MASK:
        return rest
    end = _BEYOND_AUTHORITY.search(rest)
    authority, beyond = (rest, "") if end is None else (rest[: end.start()], rest[end.start() :])
    host = authority.rpartition("@")[2]
    # An @ further on may end a password that holds a slash: then the host is somewhere else.
    if "@" in beyond or _HOST.fullmatch(host) is None:
        return MASK
    return host if beyond in ("", "/") else f"{host}/{MASK}"
