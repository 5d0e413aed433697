"""A cable between two pseudo-terminals that does to the bytes what a bad cable does."""

import os
import select
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from firmware_bridge.errors import LinkError, LinkReason
from firmware_bridge.faults.line import FaultyLine
from firmware_bridge.faults.outages import Outages
from firmware_bridge.faults.spec import FaultSpec
from firmware_bridge.terminal.pty import Terminal

_READ_BYTES = 4096
_LONGEST_WAIT_S = 0.5  # however long nothing happens, it looks up


class FaultyWire:
    """Carries bytes between `plug` and `end_b` until closed; use `with`.

    `plug` is a path that is made here: a link to a pseudo-terminal, which goes and comes back with
    each unplugging, as a USB adapter does below /dev/serial. `end_b` stays. While the line stalls
    nothing is read, so that who writes is held up, too. `reboot` is the controller's own affair.
    BridgeError where there is something at `plug` already.
    """

    def __init__(self, spec: FaultSpec, plug: Path) -> None:
        self._plug = plug
        start_s = time.monotonic()
        self._lines = (FaultyLine(spec, "out"), FaultyLine(spec, "back"))
        self._stalls = Outages(spec, "stall", start_s)
        self._unplugs = Outages(spec, "unplug", start_s)
        self._b = Terminal()
        os.set_blocking(self._b.device, False)
        self.end_b = self._b.path
        try:
            self._a: Terminal | None = self._plug_in()
        except OSError as error:
            self._b.close()
            why = "it is there already" if isinstance(error, FileExistsError) else error.strerror
            raise LinkError(
                LinkReason.DOES_NOT_OPEN,
                f"faults: {plug} cannot be made: {why}; name a path that does not exist yet",
            ) from error
        self._wake_reader, self._wake_writer = os.pipe()
        self._thread = threading.Thread(target=self._carry, name="faulty-wire", daemon=True)
        self._thread.start()

    @property
    def done(self) -> Counter[str]:
        """Return how often what was done so far."""
        outages = Counter(stall=self._stalls.count, unplug=self._unplugs.count)
        return self._lines[0].done + self._lines[1].done + outages

    def close(self) -> None:
        """Unplug both ends, finally."""
        if not self._thread.is_alive():
            return
        os.write(self._wake_writer, b"\0")
        self._thread.join()
        self._unplug()
        self._b.close()
        os.close(self._wake_reader)
        os.close(self._wake_writer)

    def __enter__(self) -> "FaultyWire":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _carry(self) -> None:
        while True:
            now_s = time.monotonic()
            if self._unplugs.active(now_s):
                self._unplug()
            elif self._a is None:
                with suppress(OSError):  # somebody took the name meanwhile: tried again soon
                    self._a = self._plug_in()
            stalled = self._stalls.active(now_s)
            wait_s = min(
                _LONGEST_WAIT_S,
                self._unplugs.next_s(now_s) - now_s,
                self._stalls.next_s(now_s) - now_s,
            )
            if not stalled:
                self._deliver(now_s)
                wait_s = min(wait_s, *(line.next_s() - now_s for line in self._lines))
            if self._take(max(wait_s, 0.0), stalled=stalled):
                return

    def _deliver(self, now_s: float) -> None:
        for line, end in zip(self._lines, (self._b, self._a), strict=True):
            for data in line.take_due(now_s):
                if end is not None:
                    _write_what_fits(end.device, data)

    def _take(self, wait_s: float, *, stalled: bool) -> bool:
        """Take in what is written within `wait_s`; return whether to end."""
        sources: dict[int, FaultyLine] = {}
        if not stalled:
            # With the plug out, what the other end writes goes nowhere.
            sources[self._b.device] = self._lines[1]
            if self._a is not None:
                sources[self._a.device] = self._lines[0]
        readable, _, _ = select.select([*sources, self._wake_reader], [], [], wait_s)
        if self._wake_reader in readable:
            return True
        now_s = time.monotonic()
        for source in readable:
            data = os.read(source, _READ_BYTES)
            if self._a is not None:
                sources[source].write(data, now_s)
        return False

    def _plug_in(self) -> Terminal:
        end = Terminal()
        os.set_blocking(end.device, False)
        try:
            self._plug.symlink_to(end.path)
        except OSError:
            end.close()
            raise
        return end

    def _unplug(self) -> None:
        if self._a is None:
            return
        self._plug.unlink(missing_ok=True)
        self._a.close()
        self._a = None
        for line in self._lines:
            line.clear()


def _write_what_fits(descriptor: int, data: bytes) -> None:
    """Write what is taken at once; as on a UART the rest is lost."""
    with suppress(BlockingIOError):
        os.write(descriptor, data)
