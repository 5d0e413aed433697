"""`edge-fer benchmark link`: measures and prints."""

import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

from firmware_bridge.benchmark.figures import LinkFigures
from firmware_bridge.benchmark.jitter import cycle_jitter, sleep_jitter
from firmware_bridge.benchmark.latency import event_to_byte, peer_send_to_byte, send_to_byte
from firmware_bridge.benchmark.output import Interrupted, Output, announce
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


def run_link_benchmark(*, output: Output | None = None, effort: Effort | None = None) -> None:
    """Measure the link and print the figures, as JSON or for people.

    KeyboardInterrupt after what was measured until then is printed.
    """
    interrupted: Interrupted | None = None
    try:
        figures = measure_link(Effort() if effort is None else effort, announce)
    except Interrupted as end:
        interrupted, figures = end, end.partial
    (output or Output()).show(figures.to_json(), lambda: render_figures(figures))
    if interrupted is not None:
        raise interrupted


def measure_link(effort: Effort, say: Callable[[str], None]) -> LinkFigures:
    """Return the figures; `say` gets each step's name.

    Interrupted by Ctrl-C, with what was measured until then.
    """
    figures = LinkFigures(describe_machine(), [], [], [], [], [], {})
    try:
        _measure(figures, effort, say)
    except KeyboardInterrupt:
        raise Interrupted(figures) from None
    return figures


def _measure(figures: LinkFigures, effort: Effort, say: Callable[[str], None]) -> None:
    say("rates of messages")
    figures.rates.append(message_rates(effort.seconds))
    for scheme in SERIAL:
        say(f"rates of {scheme}")
        figures.rates.append(serial_rates(scheme, effort.seconds))
    say("rates of python-can's slcan")
    figures.rates.append(peer_rates(effort.seconds))
    for uri in BUSES:
        say(f"rates of {uri}")
        try:
            figures.rates.append(bus_rates(uri, effort.seconds))
        except BridgeError as error:
            figures.skipped[uri.partition(":")[0]] = str(error).removeprefix("link: ")
    say("send to first byte")
    figures.send_to_byte.extend(send_to_byte(scheme, effort.sends) for scheme in SERIAL)
    figures.send_to_byte.append(peer_send_to_byte(effort.sends))
    say("change of state to first byte")
    figures.event_to_byte.extend(event_to_byte(scheme, effort.events) for scheme in SERIAL)
    say("cyclic sending")
    figures.jitter.extend(cycle_jitter(scheme, effort.cycles) for scheme in SERIAL)
    figures.jitter.append(sleep_jitter(effort.cycles))
    say("reconnecting")
    figures.reconnect.append(link_reconnects(effort.replugs))
    figures.reconnect.append(peer_reconnects(effort.peer_replugs))


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
