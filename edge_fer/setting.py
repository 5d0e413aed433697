"""Settings that describe and check themselves: title, meaning, range and source beside each field.

A settings class is a frozen dataclass whose fields are made by `setting` and whose `__post_init__`
calls `check_settings`, so that an instance with a value out of range cannot exist.
"""

from dataclasses import MISSING, dataclass, field, fields
from typing import Any

from edge_fer.redaction import redacted, redacted_value

METADATA_KEY = "setting"
SHOWN_CHARACTERS = 60  # of a wrong value: enough to find it, and one line stays one line


class SettingError(ValueError):
    """A value that its setting does not take; the text says which range or choice it has.

    `also` are the keys that a rule between several settings speaks of beside `key`.
    """

    def __init__(self, key: str, problem: str, *, also: tuple[str, ...] = ()) -> None:
        super().__init__(f"{spelled(key)}: {problem}")
        self.key = key
        self.problem = problem
        self.also = also


@dataclass(frozen=True, slots=True)
class Setting:
    """What a person needs to know of one setting.

    `minimum` and `maximum` are inclusive; every number has them. `choices`, where not empty, are
    of a text. `source` says where the default comes from.
    """

    title: str
    description: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    source: str = ""

    @property
    def range_text(self) -> str:
        """The allowed values in words: "1..120", "one of debug, info", or "" where any will do."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.minimum is None or self.maximum is None:
            return ""
        return f"{self.minimum:g}..{self.maximum:g}"


@dataclass(frozen=True, slots=True)
class DescribedSetting:
    """A setting with its key, type and default, as a list of all settings shows it."""

    key: str
    kind: type
    default: bool | int | float | str
    setting: Setting


def setting(
    default: bool | int | float | str,
    title: str,
    description: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: tuple[str, ...] = (),
    source: str = "",
) -> Any:
    """Make a dataclass field with its `Setting` in the metadata; a number needs a range."""
    is_number = isinstance(default, int | float) and not isinstance(default, bool)
    if is_number and (minimum is None or maximum is None):
        raise TypeError(f"{title}: a number needs a range")
    described = Setting(title, description, minimum, maximum, choices, source)
    return field(default=default, metadata={METADATA_KEY: described})


def describe(settings_class: type) -> tuple[DescribedSetting, ...]:
    """Return the settings of a settings class, in the order of its fields."""
    described = []
    for item in fields(settings_class):
        if not isinstance(item.type, type) or item.default is MISSING:
            raise TypeError(f"{settings_class.__name__}.{item.name} was not made by setting()")
        described.append(
            DescribedSetting(item.name, item.type, item.default, item.metadata[METADATA_KEY])
        )
    return tuple(described)


def check_settings(settings: Any) -> None:
    """Raise SettingError for the first field whose value has the wrong type or is out of range."""
    for item in describe(type(settings)):
        check_value(item, getattr(settings, item.key))


def check_value(item: DescribedSetting, value: object) -> None:
    """Raise SettingError unless `value` has the type and the range of `item`."""
    if not _has_type(value, item.kind):
        raise SettingError(item.key, f"{shown(value)} is not {_type_in_words(item)}")
    allowed = item.setting
    if allowed.choices and value not in allowed.choices:
        raise SettingError(item.key, f"{shown(value)} is not {allowed.range_text}")
    if not isinstance(value, int | float) or allowed.minimum is None or allowed.maximum is None:
        return
    # One chain, because a NaN fails every comparison.
    if not allowed.minimum <= value <= allowed.maximum:
        raise SettingError(item.key, f"{shown(value)} is not in {allowed.range_text}")


def shown(value: object) -> str:
    """Return a value as a config file spells it, on one line and not too long."""
    if isinstance(value, bool):
        return "true" if value else "false"
    value = redacted_value(value)
    try:
        text = f'"{value}"' if isinstance(value, str) and value.isprintable() else repr(value)
    except ValueError:  # Python does not write out a number of thousands of digits
        text = "a number of thousands of digits"
    text = redacted(text)
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "…"


def spelled(key: str) -> str:
    """Return a key as it can stand in a line of text."""
    return key if key and key.isprintable() else repr(key)


def _has_type(value: object, kind: type) -> bool:
    """Whole numbers pass for float; true and false, to Python int as well, pass for neither."""
    if isinstance(value, bool):
        return kind is bool
    if kind is float:
        return isinstance(value, int | float)
    return isinstance(value, kind)


def _type_in_words(item: DescribedSetting) -> str:
    words = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
    text = words[item.kind]
    if item.kind is str and not item.setting.choices:
        return text + ' (write it in "quotes")'
    return f"{text} in {item.setting.range_text}" if item.setting.minimum is not None else text
