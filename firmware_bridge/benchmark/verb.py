"""`edge-fer benchmark --link`: measures and prints."""

import json
import os
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import TextIO

from rich.console import Console

from firmware_bridge.benchmark.figures import LinkFigures
from firmware_bridge.benchmark.jitter import cycle_jitter, sleep_jitter
from firmware_bridge.benchmark.latency import event_to_byte, peer_send_to_byte, send_to_byte
from firmware_bridge.benchmark.rates import bus_rates, message_rates, peer_rates, serial_rates
from firmware_bridge.benchmark.reconnect import link_reconnects, peer_reconnects
from firmware_bridge.benchmark.table import render_figures
from firmware_bridge.errors import BridgeError
from firmware_bridge.transports.udp_multicast import GROUP

SERIAL = ("slcan", "cobs")
BUSES = ("virtual:benchmark", f"udp_multicast:{GROUP}", "socketcan:vcan0")


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured; the defaults take about a minute."""

    seconds: float = 1.0  # for each rate
    sends: int = 1000
    events: int = 200  # the second longest of them is the 99th percentile
    cycles: int = 100
    replugs: int = 8
    peer_replugs: int = 2  # each sleeps for two seconds


def run_link_benchmark(
    *, json_output: bool, effort: Effort | None = None, out: TextIO | None = None
) -> None:
    """Measure the link and print the figures, as JSON or for people."""
    target = sys.stdout if out is None else out
    figures = measure_link(Effort() if effort is None else effort, _say)
    if json_output:
        print(json.dumps(figures.to_json(), indent=2), file=target)
    else:
        Console(file=target).print(render_figures(figures), highlight=False)


def measure_link(effort: Effort, say: Callable[[str], None]) -> LinkFigures:
    """Return the figures; `say` is told what comes next."""
    machine = describe_machine()
    say("rates of messages")
    rates = [message_rates(effort.seconds)]
    for scheme in SERIAL:
        say(f"rates of {scheme}")
        rates.append(serial_rates(scheme, effort.seconds))
    say("rates of python-can's slcan")
    rates.append(peer_rates(effort.seconds))
    skipped: dict[str, str] = {}
    for uri in BUSES:
        say(f"rates of {uri}")
        try:
            rates.append(bus_rates(uri, effort.seconds))
        except BridgeError as error:
            skipped[uri.partition(":")[0]] = str(error).removeprefix("link: ")
    say("send to first byte")
    sends = [send_to_byte(scheme, effort.sends) for scheme in SERIAL]
    sends.append(peer_send_to_byte(effort.sends))
    say("change of state to first byte")
    events = [event_to_byte(scheme, effort.events) for scheme in SERIAL]
    say("cyclic sending")
    jitter = [cycle_jitter(scheme, effort.cycles) for scheme in SERIAL]
    jitter.append(sleep_jitter(effort.cycles))
    say("reconnecting")
    reconnects = [link_reconnects(effort.replugs), peer_reconnects(effort.peer_replugs)]
    return LinkFigures(machine, rates, sends, events, jitter, reconnects, skipped)


def describe_machine() -> dict[str, str]:
    """Return what the figures depend on."""
    return {
        "machine": platform.machine(),
        "cpus": str(os.cpu_count()),
        "load": f"{os.getloadavg()[0]:.1f}",  # of other programs: it shows in the 99th percentile
        "kernel": platform.release(),
        "python": platform.python_version(),
        "python-can": version("python-can"),
    }


def _say(what: str) -> None:
    """Tell a person who waits; a log or a pipe needs no progress."""
    if sys.stderr.isatty():
        print(f"measuring: {what}", file=sys.stderr)
