"""A TCP server that passes on what one connection sends to all others."""

import contextlib
import selectors
import socket
import threading
from types import TracebackType


class TcpHub:
    """Listens at `address`; use `with`. Like a cable it never waits for who does not read."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        host, port = self._listener.getsockname()
        self.address = f"socket://{host}:{port}"
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._ended, self._end = socket.socketpair()
        self._selector.register(self._ended, selectors.EVENT_READ)
        self._connections: list[socket.socket] = []
        self._thread = threading.Thread(target=self._carry)

    def __enter__(self) -> "TcpHub":
        self._thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end.send(b"\0")
        self._thread.join()
        for one in (*self._connections, self._listener, self._ended, self._end):
            one.close()
        self._selector.close()

    def disturb(self, data: bytes) -> None:
        """Let another connection send `data`."""
        host, port = self._listener.getsockname()
        with socket.create_connection((host, port)) as other:
            other.sendall(data)

    def _carry(self) -> None:
        while True:
            for key, _ in self._selector.select():
                source = key.fileobj
                assert isinstance(source, socket.socket)
                if source is self._ended:
                    return
                # Who connected before something was sent gets it.
                self._accept()
                if source is not self._listener:
                    self._pass_on(source)

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                made, _ = self._listener.accept()
                made.setblocking(False)
                self._connections.append(made)
                self._selector.register(made, selectors.EVENT_READ)

    def _pass_on(self, source: socket.socket) -> None:
        try:
            data = source.recv(4096)
        except ConnectionError:
            data = b""
        if not data:
            self._selector.unregister(source)
            self._connections.remove(source)
            source.close()
            return
        for other in self._connections:
            if other is not source:
                with contextlib.suppress(OSError):
                    other.send(data)
