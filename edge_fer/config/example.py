"""Writes the example config from the settings' own descriptions.

`edge-fer config example > systemd/config.toml` renews the file after a change.
"""

import textwrap

from edge_fer.config.config import LIVE_SECTIONS, SECTIONS
from edge_fer.config.toml import toml_literal
from edge_fer.setting import DescribedSetting, describe

LINE_LENGTH = 100
INTRODUCTION = """\
# Config of edge-fer (TOML). Each key is shown with its default, commented out: remove the # before
# a key to change it. Unknown keys and values out of range are refused at the start, with their
# line. Times are in seconds. `edge-fer config check` says whether the file is all right.
#
# A variable of the environment overrules a key: EDGE_FER__CAMERA__FPS=15 stands for fps below
# [camera]; section and key in capitals, two underscores each time.
"""
LIVE = "# On SIGHUP (systemctl reload edge-fer) a running daemon takes these over."


def example() -> str:
    """Return the text of a config with every section, and every key commented out and explained."""
    parts = [INTRODUCTION]
    for name, settings_class in SECTIONS.items():
        parts.append(f"\n\n[{name}]\n")
        if name in LIVE_SECTIONS:
            parts.append(f"{LIVE}\n\n")
        parts.append("\n".join(_entry(item) for item in describe(settings_class)))
    return "".join(parts)


def _entry(item: DescribedSetting) -> str:
    described = item.setting
    lines = [*_comment(f"{described.title}: {described.description}")]
    if described.range_text:
        lines += _comment(f"  Allowed: {described.range_text}")
    if described.source:
        lines += _comment(f"  Source: {described.source}")
    return "\n".join([*lines, f"#{item.key} = {toml_literal(item.default)}", ""])


def _comment(text: str) -> list[str]:
    return textwrap.wrap(
        text,
        LINE_LENGTH,
        initial_indent="# ",
        subsequent_indent="# ",
        break_on_hyphens=False,
        break_long_words=False,
    )
