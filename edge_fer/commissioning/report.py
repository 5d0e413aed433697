"""The result of a check as a page to keep with the vehicle: Markdown, or HTML. Pure."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from edge_fer.commissioning.verdicts import Result
from edge_fer.config.edit import Value, edited
from edge_fer.doctor.finding import Level

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:56em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.35em .8em .35em 0;"
    "border-bottom:1px solid #ccc;vertical-align:top}pre{background:#f3f3f3;padding:.8em}"
    ".failed{color:#b3261e}.warning{color:#8a5a00}.ok{color:#1f7a3a}"
)


@dataclass(frozen=True, slots=True)
class Report:
    """What stands in it. `when` has a time zone; `settings` is the piece of config."""

    when: datetime
    camera: str
    version: str
    results: Sequence[Result]
    settings: Mapping[str, Value]

    @property
    def verdict(self) -> str:
        """The whole in a sentence."""
        failed = [one.step.value for one in self.results if one.level is Level.FAILED]
        warned = [one.step.value for one in self.results if one.level is Level.WARNING]
        if failed:
            return f"Does not work for this driver and camera: {', '.join(failed)}."
        if warned:
            return f"Works, with restrictions: {', '.join(warned)}."
        return "Everything works for this driver and camera."

    def to_markdown(self) -> str:
        """Return it as Markdown."""
        lines = ["# Check of driver camera", "", self.verdict, ""]
        lines += [f"- {name}: {_escaped(value)}" for name, value in self._facts()]
        lines += ["", "| step | result | what was seen | what to do | figures |"]
        lines.append("|---|---|---|---|---|")
        for one in self.results:
            cells = (one.step.value, one.level.value, one.text, one.remedy, _figures(one))
            lines.append("| " + " | ".join(_escaped(cell) for cell in cells) + " |")
        if self.settings:
            lines += ["", "```toml", edited("", self.settings).strip(), "```"]
        return "\n".join(lines) + "\n"

    def to_html(self) -> str:
        """Return it as one HTML page that loads nothing."""
        facts = "".join(
            f"<li>{html.escape(name)}: {html.escape(value)}</li>" for name, value in self._facts()
        )
        rows = "".join(
            f'<tr><td>{html.escape(one.step.value)}</td><td class="{one.level.value}">'
            f"{one.level.value}</td><td>{html.escape(one.text)}</td>"
            f"<td>{html.escape(one.remedy)}</td><td>{html.escape(_figures(one))}</td></tr>"
            for one in self.results
        )
        toml = (
            f"<pre>{html.escape(edited('', self.settings).strip())}</pre>" if self.settings else ""
        )
        return (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            f"<title>Check of driver camera</title><style>{_STYLE}</style></head><body>"
            f"<h1>Check of driver camera</h1><p><b>{html.escape(self.verdict)}</b></p>"
            f"<ul>{facts}</ul><table><tr><th>Step</th><th>Result</th><th>What was seen</th>"
            f"<th>What to do</th><th>Figures</th></tr>{rows}</table>{toml}</body></html>\n"
        )

    def _facts(self) -> tuple[tuple[str, str], ...]:
        return (
            ("time", self.when.isoformat(sep=" ", timespec="seconds")),
            ("camera", self.camera),
            ("edge-fer", self.version),
        )


def _figures(result: Result) -> str:
    return ", ".join(f"{name} {value:.2f}" for name, value in result.measured)


def _escaped(text: str) -> str:
    return html.escape(text, quote=False).replace("|", "\\|").replace("\n", " ")
