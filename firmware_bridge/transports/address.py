"""The part of a URI behind its scheme: `ADDRESS` or `ADDRESS?option=N`."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

from firmware_bridge.errors import LinkError, LinkReason


@dataclass(frozen=True, slots=True)
class NumberOption:
    """The one option that a scheme takes: a whole number in `lowest`..`highest`."""

    name: str
    default: int
    lowest: int
    highest: int


def split_address(scheme: str, address: str, option: NumberOption) -> tuple[str, int]:
    """Return the address and the value of its option; BridgeError where that is not one."""
    place, text = split_option(scheme, address, option.name, str(option.default))
    if not re.fullmatch("[0-9]{1,9}", text) or not option.lowest <= int(text) <= option.highest:
        raise LinkError(
            LinkReason.BAD_ADDRESS,
            f"link: {scheme}:{address}: {option.name} {text!r} is not in"
            f" {option.lowest}..{option.highest}",
        )
    return place, int(text)


def split_option(scheme: str, address: str, name: str, default: str) -> tuple[str, str]:
    """Return the address and the text of its one option; BridgeError where it has another."""
    place, _, query = address.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    text = options.pop(name, default)
    if options:
        raise LinkError(
            LinkReason.BAD_ADDRESS,
            f"link: {scheme}:{address}: unknown option {min(options)!r}; use {name}",
        )
    return place, text
