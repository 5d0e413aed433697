"""Camera URIs: `scheme:path?option=value&option=value`; of a network stream, its URL as it is."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edge_fer.errors import CameraError, CameraReason
from edge_fer.redaction import NETWORK_SCHEMES, redacted_uri

# Their URLs have a query of their own, and no options of ours.
STREAM_SCHEMES = NETWORK_SCHEMES
MIN_FPS, MAX_FPS = 1.0, 120.0  # as the setting camera.fps


@dataclass(frozen=True, slots=True)
class CameraUri:
    """A camera URI taken apart; `text` is as the user wrote it."""

    text: str
    scheme: str
    path: str
    options: Mapping[str, str]

    def allow(self, *names: str) -> None:
        """UserError unless all options are among `names`."""
        for name in self.options:
            if name not in names:
                raise self.error(f"unknown option {name!r}: use {', '.join(names)}")

    def number(self, name: str, default: float, low: float, high: float) -> float:
        """Return a finite number in low..high."""
        text = self.options.get(name)
        if text is None:
            return default
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise self.error(f"{name}: {text!r} is not in {low:g}..{high:g}")
        return value

    def choice(self, name: str, default: str, *allowed: str) -> str:
        """Return one of `allowed`."""
        text = self.options.get(name, default)
        if text not in allowed:
            raise self.error(f"{name}: {text!r} is not {' or '.join(allowed)}")
        return text

    def error(self, problem: str, reason: CameraReason = CameraReason.BAD_URI) -> CameraError:
        """Return an error that names this camera."""
        return CameraError(reason, f"camera {redacted_uri(self.text)}: {problem}")


def absolute_uri(text: str) -> str:
    """Return a URI that names the same recording from any folder; others are as they were."""
    scheme, colon, rest = text.partition(":")
    if scheme != "file" or not rest or rest.startswith(("/", "~", "?")):
        return text
    return f"{scheme}{colon}{Path.cwd() / rest}"


def parse_uri(text: str) -> CameraUri:
    """Take a camera URI apart; UserError for one that has no scheme or a malformed option."""
    scheme, colon, rest = text.partition(":")
    if not colon or not scheme:
        shown = redacted_uri(text)
        raise CameraError(
            CameraReason.BAD_URI,
            f"camera {shown}: no scheme: write it as file:CLIP, v4l2:DEVICE or demo:",
        )
    if scheme in STREAM_SCHEMES:
        return CameraUri(text, scheme, rest, {})
    # At the last question mark: a file whose name holds one is written with one more at the end.
    path, _, query = rest.rpartition("?") if "?" in rest else (rest, "", "")
    options: dict[str, str] = {}
    for item in query.split("&") if query else ():
        name, equals, value = item.partition("=")
        if not name or not equals or not value or name in options:
            shown = redacted_uri(text)
            wrong = repr(item) if shown == text else "what follows the last ?"
            raise CameraError(
                CameraReason.BAD_URI,
                f"camera {shown}: {wrong} is no option: write ?name=value&name=value",
            )
        options[name] = value
    return CameraUri(text, scheme, path, options)
