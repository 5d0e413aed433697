"""What `edge-fer preview` does: serve the page of a running daemon, or of one that it starts."""

import asyncio
import contextlib
import signal
import socket
import sys
import webbrowser
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from edge_fer.errors import Extra, MissingPackageError, UsageError, UsageReason
from edge_fer.live.own_daemon import OwnDaemon, own_daemon
from edge_fer.paths import DEVICE_CONFIG
from edge_fer.preview.access import Access, is_loopback, new_token

_LOOK_S = 0.2


def run_preview(
    *,
    host: str,
    port: int,
    camera: str | None,
    config_path: Path | None,
    open_browser: bool,
    seconds: float | None,
) -> int:
    """Serve until SIGTERM, the end of the time or of the camera's daemon; return 0.

    KeyboardInterrupt where Ctrl-C ended it. UserError where the extra is missing, the address is
    not free, or the daemon fails.
    """
    if find_spec("aiohttp") is None:
        raise MissingPackageError(
            Extra.PREVIEW, "preview needs aiohttp: pip install 'edge-fer[preview]'"
        )
    with contextlib.ExitStack() as stack:
        daemon = None
        if camera is not None:
            daemon = stack.enter_context(own_daemon(camera, config_path))
        serve(host, port, daemon, config_path, open_browser=open_browser, seconds=seconds)
    return 0


def serve(
    host: str,
    port: int,
    daemon: OwnDaemon | None,
    config_path: Path | None,
    *,
    open_browser: bool = False,
    seconds: float | None = None,
) -> None:
    """Serve the page at `host`:`port` (0: any free one); print its address with the token.

    `config_path` is what the page saves settings in; None: the service's. KeyboardInterrupt where
    Ctrl-C ended it.
    """
    listener = _listen(host, port)
    with listener:
        bound_port = listener.getsockname()[1]
        token = new_token()
        name = "127.0.0.1" if host == "localhost" else host
        shown = {"0.0.0.0": socket.gethostname(), "::": socket.gethostname()}.get(name, name)
        shown = f"[{shown}]" if ":" in shown else shown
        url = f"http://{shown}:{bound_port}/?token={token}"
        if not is_loopback(host):
            print(
                "edge-fer: warning: the pictures leave this machine without encryption, and whoever"
                " has the address below sees them: ssh -L 8700:127.0.0.1:8700 is safer",
                file=sys.stderr,
            )
        names = frozenset({"localhost", socket.gethostname().lower(), socket.getfqdn().lower()})

        def ready() -> None:
            print(f"{url}\nCtrl-C ends it.", flush=True)
            if open_browser:
                webbrowser.open(url)

        access = Access(token, names)
        number = asyncio.run(_serve(listener, access, daemon, config_path, seconds, ready))
    if number == signal.SIGINT:
        raise KeyboardInterrupt


async def _serve(
    listener: socket.socket,
    access: Access,
    daemon: OwnDaemon | None,
    config_path: Path | None,
    seconds: float | None,
    ready: Callable[[], None],
) -> int | None:
    """Serve until a signal comes, and return its number; None where something else ended it.

    `ready` is called once it serves and signals end it.
    """
    from aiohttp import web  # noqa: PLC0415 - an extra

    from edge_fer.preview.server import PreviewServer, Sockets  # noqa: PLC0415 - as above

    sockets = Sockets(None if daemon is None else daemon.folder)
    # Cookies are of a host, whatever the port: two pages on one machine must not mix theirs up.
    cookie = f"edge_fer_{listener.getsockname()[1]}"
    runner = web.AppRunner(
        PreviewServer(access, sockets, cookie, config_path or DEVICE_CONFIG).application(),
        access_log=None,
        shutdown_timeout=0.5,
    )
    await runner.setup()
    stop = asyncio.Event()
    came: list[int] = []

    def end_by(number: int) -> None:
        came.append(number)
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, end_by, number)
    try:
        await web.SockSite(runner, listener).start()
        ready()
        end_s = None if seconds is None else loop.time() + seconds
        while not stop.is_set() and (daemon is None or not daemon.ended):
            if end_s is not None and loop.time() >= end_s:
                break
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _LOOK_S)
    finally:
        await runner.cleanup()
    return came[0] if came else None


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()
    except OSError as error:
        raise UsageError(
            UsageReason.BAD_VALUE,
            f"preview: {host} port {port}: {error.strerror}: choose another --host or --port",
        ) from error
    return listener
