"""A serial line without hardware: two pseudo-terminals and a thread that carries bytes across.

What the demo and the tests use in place of a cable. Both ends are real terminal devices that any
serial program can open by path.
"""

import os
import select
import threading
import tty
from contextlib import suppress
from types import TracebackType

_CHUNK_BYTES = 4096


class PtyWire:
    """A cable between `end_a` and `end_b`, paths of terminal devices; close it, or use `with`.

    Like a cable it never waits: bytes that an end does not take are lost.
    """

    def __init__(self) -> None:
        self._master_a, self._slave_a = os.openpty()
        self._master_b, self._slave_b = os.openpty()
        # The slave ends stay open here, so that a program that closes its end does not hang up
        # the line for good.
        for slave in (self._slave_a, self._slave_b):
            tty.setraw(slave)
        for master in (self._master_a, self._master_b):
            os.set_blocking(master, False)
        self.end_a = os.ttyname(self._slave_a)
        self.end_b = os.ttyname(self._slave_b)
        self._wake_reader, self._wake_writer = os.pipe()
        self._thread = threading.Thread(target=self._carry, name="pty-wire", daemon=True)
        self._thread.start()

    def _carry(self) -> None:
        across = {self._master_a: self._master_b, self._master_b: self._master_a}
        while True:
            readable, _, _ = select.select([*across, self._wake_reader], [], [])
            if self._wake_reader in readable:
                return
            for source in readable:
                with suppress(BlockingIOError):
                    os.write(across[source], os.read(source, _CHUNK_BYTES))

    def close(self) -> None:
        """Unplug both ends."""
        if not self._thread.is_alive():
            return
        os.write(self._wake_writer, b"\0")
        self._thread.join()
        for descriptor in (
            self._master_a,
            self._slave_a,
            self._master_b,
            self._slave_b,
            self._wake_reader,
            self._wake_writer,
        ):
            os.close(descriptor)

    def __enter__(self) -> "PtyWire":
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
