"""What the keys of the monitor do. Pure: a key and the state before in, the state after out."""

from dataclasses import dataclass, replace
from enum import Enum

MAX_FILTER_LENGTH = 60
PAGE_ROWS = 10


class Page(Enum):
    """What the view shows."""

    OVERVIEW = "overview"
    FRAMES = "frames"
    HELP = "help"


class Wish(Enum):
    """What a key asks of others than the view."""

    NOTHING = "nothing"
    QUIT = "quit"
    RECORD = "record"  # or stop recording


@dataclass(frozen=True, slots=True)
class Controls:
    """How the user has set the view."""

    page: Page = Page.OVERVIEW
    paused: bool = False
    filter_text: str = ""
    typed: str | None = None  # while a filter is typed: so far
    changed_only: bool = False
    scrolled_rows: int = 0  # back from the newest frame; only while paused


HELP: tuple[tuple[str, str], ...] = (
    ("q", "quit"),
    ("tab", "overview or frames"),
    ("space", "pause, go on; a recording stands still"),
    ("/", "filter frames: words that must be in the line, -word must not; empty shows all"),
    ("c", "only frames whose content changed"),
    ("r", "start or stop recording (a candump .log in this folder)"),
    ("↑ ↓", "back and forth in the frames, with pg up and pg down by ten; pauses"),
    ("?", "this help"),
)
_KEY_LINE = (
    ("q", "quit"),
    ("tab", "frames"),
    ("space", "pause"),
    ("/", "filter"),
    ("c", "changed"),
    ("r", "record"),
    ("?", "help"),
)
_WISHES = {"q": Wish.QUIT, "r": Wish.RECORD}
_SCROLL = {"up": 1, "down": -1, "page up": PAGE_ROWS, "page down": -PAGE_ROWS}


def key_line(controls: Controls) -> tuple[tuple[str, str], ...]:
    """Return the keys and their meanings for the last line, as they are now."""
    if controls.typed is not None:
        return (("enter", "apply"), ("esc", "leave as it was"))
    now = {
        "tab": "frames" if controls.page is Page.OVERVIEW else "overview",
        "space": "go on" if controls.paused else "pause",
        "c": "all" if controls.changed_only else "changed",
    }
    return tuple((key, now.get(key, meaning)) for key, meaning in _KEY_LINE)


def press(controls: Controls, key: str) -> tuple[Controls, Wish]:
    """Return what a key makes of the controls, and what it asks of others."""
    if controls.typed is not None:
        return _type(controls, controls.typed, key), Wish.NOTHING
    wish = _WISHES.get(key.lower(), Wish.NOTHING)
    return (_scroll(controls, _SCROLL[key]) if key in _SCROLL else _set(controls, key)), wish


def _set(controls: Controls, key: str) -> Controls:
    page, is_help = controls.page, controls.page is Page.HELP
    match key.lower():
        case "\t":
            other = Page.OVERVIEW if page is Page.FRAMES else Page.FRAMES
            return replace(controls, page=other)
        case " ":
            return replace(controls, paused=not controls.paused, scrolled_rows=0)
        case "/":
            return replace(controls, page=Page.FRAMES, typed="")
        case "c":
            changed_only = not controls.changed_only
            return replace(controls, page=Page.FRAMES, changed_only=changed_only, scrolled_rows=0)
        case "?" | "h":
            return replace(controls, page=Page.OVERVIEW if is_help else Page.HELP)
    return replace(controls, page=Page.OVERVIEW) if key == "escape" and is_help else controls


def _scroll(controls: Controls, rows: int) -> Controls:
    """Go back, or forth again, in the frames; going back pauses."""
    if rows < 0 and not controls.paused:
        return controls
    scrolled = max(0, controls.scrolled_rows + rows)
    return replace(controls, page=Page.FRAMES, paused=True, scrolled_rows=scrolled)


def _type(controls: Controls, typed: str, key: str) -> Controls:
    if key == "enter":
        return replace(controls, filter_text=typed.strip(), typed=None, scrolled_rows=0)
    if key == "escape":
        return replace(controls, typed=None)
    if key == "backspace":
        return replace(controls, typed=typed[:-1])
    if len(key) == 1 and key.isprintable():
        return replace(controls, typed=(typed + key)[:MAX_FILTER_LENGTH])
    return controls
