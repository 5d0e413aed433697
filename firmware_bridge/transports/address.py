"""The part of a URI behind its scheme: `ADDRESS` or `ADDRESS?option=VALUE&other=VALUE`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from firmware_bridge.errors import LinkError, LinkReason


@dataclass(frozen=True, slots=True)
class NumberOption:
    """An option that is a whole number in `lowest`..`highest`."""

    name: str
    default: int
    lowest: int
    highest: int


def split_address(scheme: str, address: str, option: NumberOption) -> tuple[str, int]:
    """Return the address and the value of its one option; BridgeError where that is not one."""
    place, options = split_options(scheme, address, (option.name,))
    return place, number(scheme, address, option, options)


def split_options(
    scheme: str, address: str, names: tuple[str, ...]
) -> tuple[str, Mapping[str, str]]:
    """Return the address and the texts of its options; BridgeError for one not in `names`."""
    place, _, query = address.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    unknown = options.keys() - set(names)
    if unknown:
        raise LinkError(
            LinkReason.BAD_ADDRESS,
            f"link: {scheme}:{address}: unknown option {min(unknown)!r}; use {', '.join(names)}",
        )
    return place, options


def number(scheme: str, address: str, option: NumberOption, options: Mapping[str, str]) -> int:
    """Return the value of `option`; BridgeError where that is not one."""
    text = options.get(option.name, str(option.default))
    if not re.fullmatch("[0-9]{1,9}", text) or not option.lowest <= int(text) <= option.highest:
        raise LinkError(
            LinkReason.BAD_ADDRESS,
            f"link: {scheme}:{address}: {option.name} {text!r} is not in"
            f" {option.lowest}..{option.highest}",
        )
    return int(text)


def choice(
    scheme: str, address: str, name: str, choices: tuple[str, ...], options: Mapping[str, str]
) -> str:
    """Return the value of the option `name`, by default the first of `choices`; BridgeError."""
    text = options.get(name, choices[0])
    if text not in choices:
        raise LinkError(
            LinkReason.BAD_ADDRESS,
            f"link: {scheme}:{address}: {name} {text!r} is not one of {', '.join(choices)}",
        )
    return text
