"""The keys of the monitor. Pure: a key and the state before it give the state after it."""

from dataclasses import dataclass, replace
from enum import Enum

from firmware_bridge.protocol.database import definitions

MAX_FILTER_LENGTH = 60
PAGE_ROWS = 10
SIDEWAYS_CELLS = 20
# No message has more in words.
MOST_SIDEWAYS_CELLS = 400
# Lines of all messages; pressing down at the end is not to be made up for by pressing up.
MOST_SIGNAL_ROWS = sum(1 + len(known.signals) for known in definitions().values()) - PAGE_ROWS


class Page(Enum):
    """The page that the view shows."""

    OVERVIEW = "overview"
    FRAMES = "frames"
    SIGNALS = "signals"
    HELP = "help"


class Wish(Enum):
    """A request of a key to parts other than the view."""

    NOTHING = "nothing"
    QUIT = "quit"
    RECORD = "record"  # or stop recording


@dataclass(frozen=True, slots=True)
class Controls:
    """The user's settings of the view."""

    page: Page = Page.OVERVIEW
    paused: bool = False
    filter_text: str = ""
    typed: str | None = None  # while a filter is typed: so far
    changed_only: bool = False
    scrolled_rows: int = 0  # back from the newest frame; only while paused
    first_signal: int = 0  # the uppermost row of the signals
    sideways: int = 0  # cells by which the signals of the frames are moved to the left


HELP: tuple[tuple[str, str], ...] = (
    ("q", "quit"),
    ("tab", "overview or frames"),
    ("s", "every signal of every message; ↑ ↓, pg up and pg down scroll"),
    ("space", "pause, go on; a recording stands still"),
    ("/", "filter frames: words that must be in the line, -word must not; empty shows all"),
    ("c", "only frames whose content changed"),
    ("r", "start or stop recording (a candump .log in this folder)"),
    ("↑ ↓", "back and forth in the frames, with pg up and pg down by ten; pauses"),
    ("← →", "sideways in the signals of the frames"),
    ("?", "this help"),
)
_KEY_LINE = (
    ("q", "quit"),
    ("tab", "frames"),
    ("space", "pause"),
    ("/", "filter"),
    ("c", "changed"),
    ("s", "signals"),
    ("r", "record"),
    ("?", "help"),
)
_WISHES = {"q": Wish.QUIT, "r": Wish.RECORD}
_SIDEWAYS = {"right": SIDEWAYS_CELLS, "left": -SIDEWAYS_CELLS}
_SCROLL = {"up": 1, "down": -1, "page up": PAGE_ROWS, "page down": -PAGE_ROWS}


def key_line(controls: Controls) -> tuple[tuple[str, str], ...]:
    """Return the available keys and their meanings, for the last line."""
    if controls.typed is not None:
        return (("enter", "apply"), ("esc", "leave as it was"))
    now = {
        "tab": "overview" if controls.page is Page.FRAMES else "frames",
        "s": "overview" if controls.page is Page.SIGNALS else "signals",
        "space": "go on" if controls.paused else "pause",
        "c": "all" if controls.changed_only else "changed",
    }
    # 80 columns have no room for both, and only a list of frames can have changes.
    hidden = "s" if controls.page is Page.FRAMES else "c"
    return tuple((key, now.get(key, meaning)) for key, meaning in _KEY_LINE if key != hidden)


def press(controls: Controls, key: str) -> tuple[Controls, Wish]:
    """Return the controls after a key, and its request to other parts."""
    if controls.typed is not None:
        return _type(controls, controls.typed, key), Wish.NOTHING
    wish = _WISHES.get(key.lower(), Wish.NOTHING)
    if key in _SIDEWAYS:
        return _move(controls, _SIDEWAYS[key]), wish
    return (_scroll(controls, _SCROLL[key]) if key in _SCROLL else _set(controls, key)), wish


def _set(controls: Controls, key: str) -> Controls:
    page = controls.page
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
        case "s" | "?" | "h":
            wanted = Page.SIGNALS if key.lower() == "s" else Page.HELP
            other = Page.OVERVIEW if page is wanted else wanted
            return replace(controls, page=other, first_signal=0)
    is_left = key == "escape" and page in (Page.HELP, Page.SIGNALS)
    return replace(controls, page=Page.OVERVIEW) if is_left else controls


def _move(controls: Controls, cells: int) -> Controls:
    """Move the signals of the frames sideways; they are on the page of frames."""
    moved = min(max(0, controls.sideways + cells), MOST_SIDEWAYS_CELLS)
    return replace(controls, page=Page.FRAMES, sideways=moved)


def _scroll(controls: Controls, rows: int) -> Controls:
    """Scroll the signals; else go back, or forth again, in the frames, where going back pauses."""
    if controls.page is Page.SIGNALS:
        first = min(max(0, controls.first_signal - rows), MOST_SIGNAL_ROWS)
        return replace(controls, first_signal=first)
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
