"""The page's server: a picture stream, an event stream, and what a person may do there."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Middleware

from edge_fer import __version__
from edge_fer.annotate.panel import readings
from edge_fer.annotate.rows import row_of
from edge_fer.commissioning.check import STEPS, GuidedCheck
from edge_fer.commissioning.report import Report
from edge_fer.commissioning.sample import sample_of
from edge_fer.commissioning.steps import INSTRUCTIONS
from edge_fer.commissioning.verdicts import light_text
from edge_fer.config.config import LIVE_SECTIONS
from edge_fer.config.edit import edited, parse_value, set_in_file
from edge_fer.daemon.status import StatusAnswer
from edge_fer.daemon.status_server import ask
from edge_fer.errors import DaemonError, UserError
from edge_fer.paths import pictures_sockets, status_sockets
from edge_fer.preview.access import Access
from edge_fer.preview.bus import BusWatch
from edge_fer.preview.feed import Feed, Shown
from edge_fer.preview.senses import Senses
from firmware_bridge.monitor.colours import EMOTION_COLOURS, state_colour

STATE_EVERY_S = 0.2
SLOW_EVERY_S = 1.0  # status, frames and time line
PICTURE_WAIT_S = 2.0
WRITE_S = 10.0  # a client that takes nothing for so long is gone
MOST_STREAMS = 16
# What a page may change; all else is for `edge-fer config set`.
SAVED_HERE = frozenset(
    {
        "face.seat_region",
        "driver_state.driver_side",
        "driver_state.neutral_yaw_deg",
        "driver_state.neutral_pitch_deg",
    }
)
_BOUNDARY = "picture"
_PAGE = files("edge_fer.preview").joinpath("page")
_TYPES = {
    "index.html": "text/html",
    "preview.js": "text/javascript",
    "preview.css": "text/css",
    "icon.svg": "image/svg+xml",
}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; script-src 'self';"
    " style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Sockets:
    """Where a daemon answers; None: at the usual places."""

    folder: Path | None

    def first(self, places: tuple[Path, ...], name: str) -> Path | None:
        """Return the socket `name` to use, or None where there is none."""
        if self.folder is not None:
            places = (self.folder / name,)
        return next((path for path in places if _is_there(path)), None)


def _is_there(path: Path) -> bool:
    try:
        return path.is_socket()
    except OSError:
        return False


class PreviewServer:
    """What the handlers share."""

    def __init__(self, access: Access, sockets: Sockets, cookie: str, config: Path) -> None:
        self._access = access
        self._cookie = cookie
        self._sockets = sockets
        self._senses = Senses()
        self._light: str | None = None  # of the latest picture
        self._config = config
        self._check: GuidedCheck | None = None
        self._checked: datetime | None = None
        self._status: StatusAnswer | None = None
        frames = tuple(path.with_name("frames.socket") for path in status_sockets())
        self.bus = BusWatch(lambda: sockets.first(frames, "frames.socket"))
        self.feed = Feed(lambda: sockets.first(pictures_sockets(), "pictures.socket"), self._take)

    def application(self) -> web.Application:
        """Return the application; its background tasks start and end with it."""
        made = web.Application(
            middlewares=[_guard(self._access, self._cookie)], client_max_size=1 << 16
        )
        made.router.add_get("/", self._index)
        for name in _TYPES:
            made.router.add_get(f"/{name}", self._static)
        made.router.add_get("/pictures", self._pictures)
        made.router.add_get("/events", self._events)
        made.router.add_post("/click", self._click)
        made.router.add_post("/check", self._start_check)
        made.router.add_post("/settings", self._save)
        made.router.add_get("/report.html", self._report)
        made.router.add_get("/report.md", self._report)
        made.cleanup_ctx.append(self._background)
        return made

    async def _background(self, _: web.Application) -> AsyncIterator[None]:
        self.bus.start()
        tasks = [asyncio.create_task(self.feed.run()), asyncio.create_task(self._ask_status())]
        yield
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await asyncio.to_thread(self.bus.stop)

    def _take(self, shown: Shown) -> None:
        now_s = time.monotonic()
        self._senses.take(shown.scene, now_s)
        self._light = None
        if shown.scene is None:
            return
        sample = sample_of(shown.scene, shown.grey, shown.width, shown.height, now_s)
        self._light = light_text(sample)
        if self._check is not None:
            self._check.take(sample)

    async def _ask_status(self) -> None:
        while True:
            path = self._sockets.first(status_sockets(), "status.socket")
            try:
                self._status = None if path is None else await asyncio.to_thread(ask, path)
            except DaemonError:
                self._status = None
            await asyncio.sleep(SLOW_EVERY_S)

    async def _index(self, _: web.Request) -> web.Response:
        self.feed.person_is_there()
        return _file("index.html")

    async def _static(self, request: web.Request) -> web.Response:
        return _file(request.path.removeprefix("/"))

    async def _click(self, _: web.Request) -> web.Response:
        self.feed.person_is_there()
        return web.Response(status=204)

    async def _pictures(self, request: web.Request) -> web.StreamResponse:
        """Send pictures, each in the place of the one before (multipart/x-mixed-replace)."""
        plain = request.query.get("overlay") == "0"
        self._refuse_too_many()
        response = web.StreamResponse(headers=HEADERS)
        response.content_type = f"multipart/x-mixed-replace; boundary={_BOUNDARY}"
        await response.prepare(request)
        number = 0
        with self.feed.look(), contextlib.suppress(ConnectionError, TimeoutError):
            while not _is_gone(request):
                shown = await self.feed.next(number, PICTURE_WAIT_S)
                if shown is None:
                    continue
                number = shown.number
                jpeg = shown.plain if plain else shown.drawn
                if jpeg is None:
                    continue
                head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}"
                async with asyncio.timeout(WRITE_S):
                    await response.write(head.encode() + b"\r\n\r\n" + jpeg + b"\r\n")
        return response

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Send states as server-sent events."""
        self._refuse_too_many()
        response = web.StreamResponse(headers=HEADERS)
        response.content_type = "text/event-stream"
        await response.prepare(request)
        slow_s = 0.0
        with self.feed.look(), contextlib.suppress(ConnectionError, TimeoutError):
            while not _is_gone(request):
                parts = [("state", self._state())]
                now_s = time.monotonic()
                if now_s >= slow_s:
                    slow_s = now_s + SLOW_EVERY_S
                    parts.append(("slow", self._slow(now_s)))
                text = "".join(f"event: {name}\ndata: {json.dumps(v)}\n\n" for name, v in parts)
                async with asyncio.timeout(WRITE_S):
                    await response.write(text.encode())
                await asyncio.sleep(STATE_EVERY_S)
        return response

    async def _start_check(self, _: web.Request) -> web.Response:
        self.feed.person_is_there()
        self._check = GuidedCheck(time.monotonic())
        self._checked = datetime.now().astimezone()
        return web.Response(status=204)

    async def _save(self, request: web.Request) -> web.Response:
        """Save settings in the config, as `edge-fer config set`; the answer is a line of text."""
        self.feed.person_is_there()
        try:
            given = await request.json()
            if not isinstance(given, dict) or not given.keys() <= SAVED_HERE:
                raise ValueError
            changes = {key: parse_value(key, str(value)) for key, value in given.items()}
        except (ValueError, RecursionError, UserError):
            return web.Response(status=400, text="These settings are not saved here.\n")
        try:
            await asyncio.to_thread(set_in_file, self._config, changes)
        except UserError as error:
            piece = edited("", changes).strip()
            return web.Response(status=409, text=f"{error}. To be saved by hand:\n{piece}\n")
        live = all(key.partition(".")[0] in LIVE_SECTIONS for key in changes)
        how = "reload" if live else "restart"
        return web.Response(
            text=f"Saved in {self._config}. The daemon takes it over on:"
            f" sudo systemctl {how} edge-fer\n"
        )

    async def _report(self, request: web.Request) -> web.Response:
        check = self._check
        if check is None or self._checked is None or not (results := check.results()):
            return web.Response(status=404, text="There is no check yet.\n")
        camera = "unknown" if self._status is None else self._status.status.camera
        report = Report(self._checked, camera, __version__, results, check.settings())
        if request.path.endswith(".md"):
            return web.Response(text=report.to_markdown(), content_type="text/markdown")
        response = web.Response(text=report.to_html(), content_type="text/html")
        # The report is one file with its style; it runs nothing.
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
        )
        return response

    def _check_state(self) -> dict[str, Any] | None:
        check = self._check
        if check is None:
            return None
        check.tick(time.monotonic())
        progress = check.progress()
        return {
            "step": None
            if progress is None
            else {
                "number": progress.number,
                "of": len(STEPS),
                "text": INSTRUCTIONS[progress.step].text,
                "measuring": progress.measuring,
                "left_s": round(progress.left_s, 1),
            },
            "results": [
                {
                    "step": one.step.value,
                    "level": one.level.value,
                    "text": one.text,
                    "remedy": one.remedy,
                }
                for one in check.results()
            ],
            "settings": check.settings() if progress is None else {},
        }

    def _refuse_too_many(self) -> None:
        if self.feed.lookers >= MOST_STREAMS:
            raise web.HTTPServiceUnavailable(
                text="Too many pages are open: close one.\n", headers=HEADERS
            )

    def _state(self) -> dict[str, Any]:
        shown = self.feed.latest
        live = self.feed.state == "live"
        scene = None if shown is None or not live else shown.scene
        state: dict[str, Any] = {
            "connection": self.feed.state,
            "ended": self.feed.trouble,
            "standby": live and shown is not None and scene is None,
            "picture": live and shown is not None and shown.drawn is not None,
            "number": 0 if shown is None else shown.number,
            "check": self._check_state(),
            "senses": [{"name": one.name, "unseen_s": one.unseen_s} for one in self._senses.now()],
        }
        if scene is not None:
            row = row_of(scene)
            state |= {
                "label": scene.state.label,
                "colour": state_colour(scene.state.label),
                "reason": scene.reason.label,
                "since_s": round(scene.since_s, 1),
                "question": scene.question,
                "camera": scene.camera.name.lower(),
                "light": self._light or "no face to judge it by",
                "readings": [pair for pair in readings(scene) if pair[0] not in ("time", "asked")],
                "emotions": None
                if scene.probabilities is None
                else [
                    [name.removeprefix("p_"), row[name], shade]
                    for name, shade in zip(
                        [key for key in row if key.startswith("p_")], EMOTION_COLOURS, strict=True
                    )
                ],
            }
        return state

    def _slow(self, now_s: float) -> dict[str, Any]:
        answer = self._status
        known: dict[str, Any] | None = None
        if answer is not None:
            status = answer.status
            health, counters = status.health, status.counters
            known = {
                "version": status.version,
                "camera": status.camera,
                "camera_error": status.camera_error,
                "model": status.model,
                "emotions_off": status.emotions_off,
                "link": status.link,
                "link_fps": round(status.link_fps, 1),
                "link_connected": counters.connected,
                "link_trouble": counters.trouble,
                "fps": round(health.fps, 1),
                "camera_fps": round(health.camera_fps, 1),
                "latency_ms": health.latency_ms,
                "temperature_c": health.temperature_c,
                "watchers": status.watchers,
                "recording": None if status.recording is None else status.recording.flag,
                "stale": answer.is_stale,
            }
        return {"status": known, "frames": self.bus.frames(), "history": self.bus.history(now_s)}


def _is_gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def _guard(access: Access, cookie: str) -> Middleware:
    """Return what each request has to pass: Host, token, and Origin where it changes something."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not access.allows_host(request.headers.get("Host")):
            return _refused("This name is not this machine's.")
        if request.path == "/" and access.allows_token(request.query.get("token")):
            # Into a cookie, so that the token stands in no history and no log.
            found = web.Response(status=302, headers={"Location": "/", **HEADERS})
            found.set_cookie(cookie, access.token, httponly=True, samesite="Strict")
            return found
        if not access.allows_token(request.cookies.get(cookie)):
            return _refused("Open the address that edge-fer preview printed: it has a token.")
        if request.method != "GET" and not access.allows_origin(
            request.headers.get("Origin"), request.headers.get("Host")
        ):
            return _refused("That did not come from this page.")
        response = await handler(request)
        if not response.prepared:
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
        return response

    return guard


def _refused(why: str) -> web.Response:
    return web.Response(status=403, text=f"{why}\n", headers=HEADERS)


def _file(name: str) -> web.Response:
    text = _PAGE.joinpath(name).read_text("utf-8")
    return web.Response(text=text, content_type=_TYPES[name], charset="utf-8")
