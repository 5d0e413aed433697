"""Camera URIs: `scheme:path?option=value&option=value`.

For a network stream, the URI is the unchanged URL including its query. Options of edge-fer follow
as the fragment, which is not sent to the server: `rtsp://HOST/PATH?query#rotate=180&flip=1`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edge_fer.errors import CameraError, CameraReason
from edge_fer.redaction import NETWORK_SCHEMES, redacted_uri

# Their URLs have a query of their own; options of ours stand in the fragment.
STREAM_SCHEMES = NETWORK_SCHEMES
MIN_FPS, MAX_FPS = 1.0, 120.0  # as the setting camera.fps


@dataclass(frozen=True, slots=True)
class NumberOption:
    """A number in `low`..`high`, or one of `words`."""

    low: float
    high: float
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChoiceOption:
    """One of `words`."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TextOption:
    """Any text."""


Option = NumberOption | ChoiceOption | TextOption

PIXEL_FORMATS = ("MJPG", "YUYV", "GREY")
# Seconds that the scripted scene lasts; `scene` draws it, and loads OpenCV to do so.
SCENE_S = 46.0
_SIDE_PX = NumberOption(64, 4096)
_FPS = NumberOption(MIN_FPS, MAX_FPS)
_SIZE: Mapping[str, Option] = {"width": _SIDE_PX, "height": _SIDE_PX, "fps": _FPS}
# What a camera that is mounted upside down, or looks through a mirror, needs.
_TURNED: Mapping[str, Option] = {
    "flip": ChoiceOption(("0", "1")),
    "rotate": ChoiceOption(("0", "90", "180", "270")),
}
_PLAYED: Mapping[str, Option] = {
    "fps": _FPS,
    "speed": ChoiceOption(("real", "max")),
    "loop": ChoiceOption(("0", "1")),
}
# What each scheme takes. Here, so that a config can be checked without its camera and drivers.
OPTIONS: Mapping[str, Mapping[str, Option]] = {
    "file": {**_PLAYED, **_TURNED},
    "demo": {**_PLAYED, **_TURNED, "start": NumberOption(0.0, SCENE_S)},
    "v4l2": {
        **_SIZE,
        "format": ChoiceOption(PIXEL_FORMATS),
        "exposure": NumberOption(1, 10_000, ("auto",)),  # units of 0.1 ms
        **_TURNED,
    },
    "jetson": {**_SIZE, **_TURNED},
    "picamera": {
        **_SIZE,
        "exposure_us": NumberOption(10, 200_000),
        "gain": NumberOption(1, 64),
        "tuning": TextOption(),
        **_TURNED,
    },
    **dict.fromkeys(sorted(STREAM_SCHEMES), _TURNED),
}


@dataclass(frozen=True, slots=True)
class CameraUri:
    """A parsed camera URI; `text` is the original text, `path` has no options."""

    text: str
    scheme: str
    path: str
    options: Mapping[str, str]

    def number(self, name: str, default: float) -> float:
        """Return a finite number in the range of this option."""
        text = self.options.get(name)
        if text is None:
            return default
        option = OPTIONS[self.scheme][name]
        assert isinstance(option, NumberOption)
        if text in option.words:
            return default
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not option.low <= value <= option.high:
            also = "".join(f" and not {word!r}" for word in option.words)
            raise self.error(f"{name}: {text!r} is not in {option.low:g}..{option.high:g}{also}")
        return value

    def choice(self, name: str, default: str) -> str:
        """Return one of the words of this option."""
        text = self.options.get(name, default)
        option = OPTIONS[self.scheme][name]
        assert isinstance(option, ChoiceOption)
        if text not in option.words:
            raise self.error(f"{name}: {text!r} is not {' or '.join(option.words)}")
        return text

    def check_options(self) -> None:
        """Raise UserError unless each option is known to this scheme and in its range."""
        known = OPTIONS.get(self.scheme, {})
        for name in self.options:
            if name not in known:
                raise self.error(f"unknown option {name!r}: use {', '.join(known)}")
            option = known[name]
            if isinstance(option, NumberOption):
                self.number(name, 0.0)
            elif isinstance(option, ChoiceOption):
                self.choice(name, "")

    def error(self, problem: str, reason: CameraReason = CameraReason.BAD_URI) -> CameraError:
        """Return an error that names this camera."""
        return CameraError(reason, f"camera {redacted_uri(self.text)}: {problem}")


def absolute_uri(text: str) -> str:
    """Return a URI that names the same recording from any folder; other URIs are unchanged."""
    scheme, colon, rest = text.partition(":")
    if scheme != "file" or not rest or rest.startswith(("/", "~", "?")):
        return text
    return f"{scheme}{colon}{Path.cwd() / rest}"


def _stream_options(rest: str) -> tuple[str, dict[str, str]]:
    """Return a URL and our options in its fragment; of another fragment, or a password, nothing."""
    url, hash_, fragment = rest.rpartition("#")
    items = [item.partition("=") for item in fragment.split("&")]
    if not hash_ or any(name not in _TURNED or not value for name, _, value in items):
        return rest, {}
    return url, {name: value for name, _, value in items}


def parse_uri(text: str) -> CameraUri:
    """Parse a camera URI; UserError if it has no scheme or a malformed option."""
    scheme, colon, rest = text.partition(":")
    if not colon or not scheme:
        shown = redacted_uri(text)
        raise CameraError(
            CameraReason.BAD_URI,
            f"camera {shown}: no scheme: write it as file:CLIP, v4l2:DEVICE or demo:",
        )
    if scheme in STREAM_SCHEMES:
        return CameraUri(text, scheme, *_stream_options(rest))
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
                f"camera {shown}: {wrong} is not an option: write ?name=value&name=value",
            )
        options[name] = value
    return CameraUri(text, scheme, path, options)
