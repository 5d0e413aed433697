"""The page in a real browser, and what its server does with clients that misbehave."""

import http.client
import json
import re
import socket
import threading
import time
import urllib.parse
from typing import Any

import pytest

from edge_fer.config.config import load_config
from edge_fer.daemon.status_server import ask
from tests.edge_fer.preview.conftest import CONFIG, Preview, wait_for

pytestmark = pytest.mark.slow


def request(
    preview: Preview,
    method: str,
    path: str,
    headers: dict[str, str] | None = None,
    body: str | None = None,
) -> tuple[int, http.client.HTTPMessage, bytes]:
    address = urllib.parse.urlsplit(preview.base)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def cookie(preview: Preview) -> str:
    return "; ".join(f"{name}={value}" for name, value in preview.cookie.items())


def watchers(preview: Preview) -> int:
    answer = ask(preview.folder / "status.socket")
    return -1 if answer is None else answer.status.watchers


def preview_on_the_bus(browser: Any) -> str:
    """Return what Health on the page says of the preview."""
    return str(
        browser.execute_script(
            "const rows = [...document.querySelectorAll('#frames tr')];"
            "const row = rows.find((one) => one.children[1].textContent === 'Health');"
            "return row ? /Preview (\\w+)/.exec(row.textContent)?.[1] : '';"
        )
    )


def picture(browser: Any) -> str:
    """Return the picture that is shown, as data."""
    return str(
        browser.execute_script(
            "const picture = document.getElementById('picture');"
            "if (!picture.naturalWidth) return '';"
            "const canvas = document.createElement('canvas');"
            "canvas.width = 64; canvas.height = 48;"
            "canvas.getContext('2d').drawImage(picture, 0, 0, 64, 48);"
            "return canvas.toDataURL();"
        )
    )


def counted(preview: Preview) -> tuple[int, int]:
    """Return the frames that the daemon judged, and those that its camera gave."""
    answer = ask(preview.folder / "status.socket")
    assert answer is not None
    health = answer.status.health
    return health.frames, health.camera_frames


def read_pictures(
    address: urllib.parse.SplitResult, request: str, number: int, stop: threading.Event
) -> None:
    """Read pictures as a page does; each second reader takes almost nothing."""
    with socket.create_connection((address.hostname, address.port or 0), timeout=60) as client:
        client.sendall(request.encode())
        while not stop.is_set():
            client.recv(100 if number % 2 else 65536)
            time.sleep(0.2 if number % 2 else 0)


class TestPage:
    def test_pictures_move_states_follow_and_the_vehicle_knows(
        self, preview: Preview, chromium: Any
    ) -> None:
        chromium.get(preview.url)
        assert "token" not in chromium.current_url
        wait_for(
            lambda: (
                "is-live" in chromium.find_element("css selector", "body").get_attribute("class")
            )
        )
        frame = chromium.find_element("id", "frame").value_of_css_property("border-top-color")
        assert frame in ("rgba(214, 39, 40, 1)", "rgba(240, 72, 74, 1)")
        pictures, states = set(), set()

        def enough() -> bool:
            pictures.add(picture(chromium))
            states.add(chromium.find_element("id", "label").text.lower())
            return len(pictures) > 5 and {"attentive", "camera degraded"} <= states

        wait_for(enough)
        assert wait_for(lambda: preview_on_the_bus(chromium) == "on")
        assert watchers(preview) == 1
        text = chromium.find_element("css selector", "body").text
        assert "DriverState" in text
        assert re.search(r"light\s+(good|no face)", text)
        assert "Health" in text
        assert not [line for line in chromium.get_log("browser") if line["level"] == "SEVERE"]

    @pytest.mark.parametrize("width", [800, 1280])
    def test_nothing_sticks_out_sideways(self, preview: Preview, chromium: Any, width: int) -> None:
        chromium.set_window_size(width, 1000)
        chromium.get(preview.url)
        wait_for(lambda: chromium.find_element("id", "label").text not in ("", "…", "—"))
        wide = chromium.execute_script(
            "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wide <= 0

    def test_a_region_is_drawn_and_saved(self, preview: Preview, chromium: Any) -> None:
        chromium.set_window_size(1280, 1400)
        chromium.get(preview.url)
        wait_for(lambda: picture(chromium))
        stage = chromium.find_element("id", "stage")
        chromium.find_element("id", "region-draw").click()
        chains = pytest.importorskip("selenium.webdriver").ActionChains(chromium)
        wide, high = stage.size["width"], stage.size["height"]
        chains.move_to_element_with_offset(stage, -0.3 * wide, -0.4 * high).click_and_hold()
        chains.move_by_offset(round(0.5 * wide), round(0.7 * high)).release().perform()
        assert chromium.find_element("id", "region").is_displayed()
        chromium.find_element("id", "region-save").click()
        wait_for(lambda: "Saved in" in chromium.find_element("id", "saved").text)
        text = preview.config.read_text()
        assert text.startswith(CONFIG)  # with its comments
        region = [float(value) for value in load_config(preview.config).face.seat_region.split()]
        assert region == pytest.approx([0.2, 0.1, 0.7, 0.8], abs=0.02)

    def test_the_side_of_the_driver_is_saved(self, preview: Preview, chromium: Any) -> None:
        chromium.get(preview.url)
        wait_for(lambda: picture(chromium))
        chromium.find_element("id", "side-right").click()
        wait_for(lambda: "Saved in" in chromium.find_element("id", "saved").text)
        config = load_config(preview.config)
        assert (config.driver_state.driver_side, config.face.seat_region) == ("right", "")

    def test_the_check_leads_through_its_steps(self, preview: Preview, chromium: Any) -> None:
        chromium.get(preview.url)
        wait_for(lambda: picture(chromium))
        chromium.find_element("id", "check-start").click()
        wait_for(lambda: "1 of 7: Sit" in chromium.find_element("id", "check-step").text)
        wait_for(lambda: "aim: " in chromium.find_element("id", "check-results").text)
        wait_for(lambda: "2 of 7" in chromium.find_element("id", "check-step").text)
        status, headers, body = request(preview, "GET", "/report.html", {"Cookie": cookie(preview)})
        assert status == 200
        assert b"Check of driver camera" in body
        assert b"aim" in body
        assert "script-src" not in headers["Content-Security-Policy"]

    def test_closing_the_page_ends_it(self, preview: Preview, chromium: Any) -> None:
        chromium.get(preview.url)
        wait_for(lambda: watchers(preview) == 1)
        chromium.get("about:blank")
        wait_for(lambda: watchers(preview) == 0)


class TestAccess:
    @pytest.mark.parametrize("path", ["/", "/preview.js", "/pictures", "/events", "/?token=wrong"])
    def test_without_the_token_nothing_is_served(self, preview: Preview, path: str) -> None:
        status, _, body = request(preview, "GET", path)
        assert (status, b"token" in body) == (403, True)

    def test_bytes_that_are_no_text_are_no_token(self, preview: Preview) -> None:
        name = next(iter(preview.cookie))
        for path, headers in (("/?token=%ff", {}), ("/", {"Cookie": f"{name}=\xff\xfe"})):
            assert request(preview, "GET", path, headers)[0] == 403

    def test_a_name_of_another_site_is_refused(self, preview: Preview) -> None:
        headers = {"Host": "evil.example", "Cookie": cookie(preview)}
        assert request(preview, "GET", "/", headers)[0] == 403

    def test_another_site_cannot_click(self, preview: Preview) -> None:
        headers = {"Cookie": cookie(preview), "Origin": "http://evil.example"}
        assert request(preview, "POST", "/click", headers)[0] == 403
        assert request(preview, "POST", "/click", headers | {"Origin": preview.base})[0] == 204

    @pytest.mark.parametrize(
        "body",
        [
            *('{"recording.enabled": true}', '{"camera.uri": "x"}', "[]", "{", '{"a": 1}'),
            "[" * 5000,
        ],
    )
    def test_only_what_belongs_to_the_camera_is_saved(self, preview: Preview, body: str) -> None:
        before = preview.config.read_text()
        headers = {"Cookie": cookie(preview), "Origin": preview.base}
        assert request(preview, "POST", "/settings", headers, body)[0] == 400
        assert preview.config.read_text() == before

    def test_what_the_daemon_would_refuse_is_said_and_not_saved(self, preview: Preview) -> None:
        before = preview.config.read_text()
        headers = {"Cookie": cookie(preview), "Origin": preview.base}
        body = '{"face.seat_region": "1 0 0 1"}'
        status, _, text = request(preview, "POST", "/settings", headers, body)
        assert status == 409
        assert b"is not within 0..1" in text
        assert preview.config.read_text() == before

    def test_a_side_takes_the_place_of_a_region(self, preview: Preview) -> None:
        headers = {"Cookie": cookie(preview), "Origin": preview.base}
        for body in (
            '{"face.seat_region": "0 0 0.5 1"}',
            '{"driver_state.driver_side": "left", "face.seat_region": ""}',
        ):
            assert request(preview, "POST", "/settings", headers, body)[0] == 200
        config = load_config(preview.config)
        assert (config.driver_state.driver_side, config.face.seat_region) == ("left", "")

    def test_the_page_loads_nothing_from_elsewhere(self, preview: Preview) -> None:
        status, headers, body = request(preview, "GET", "/", {"Cookie": cookie(preview)})
        assert status == 200
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"
        assert b"http://" not in body
        assert b"https://" not in body


class TestLoad:
    def test_slow_and_torn_clients_disturb_nobody(self, preview: Preview) -> None:
        address = urllib.parse.urlsplit(preview.base)
        text = (
            f"GET /pictures HTTP/1.1\r\nHost: {address.netloc}\r\nCookie: {cookie(preview)}\r\n\r\n"
        )
        clients = []
        for number in range(5):
            client = socket.create_connection((address.hostname, address.port or 0), timeout=60)
            client.sendall(text.encode())
            clients.append(client)
            if number % 2:
                client.recv(1000)
                client.close()  # torn
        reader = clients[0].makefile("rb")  # one of the others reads, the rest do not
        parts = 0
        while parts < 30:
            parts += b"Content-Type: image/jpeg" in reader.readline()
        assert watchers(preview) == 1
        answer = ask(preview.folder / "status.socket")
        assert answer is not None
        assert not answer.is_stale
        reader.close()
        for client in clients:
            client.close()
        wait_for(lambda: watchers(preview) == 0)

    def test_five_pages_take_no_frames_from_the_daemon(
        self, preview: Preview, record_property: Any
    ) -> None:
        """Counted against the frames that the camera gave: time says little on a busy machine."""
        address = urllib.parse.urlsplit(preview.base)
        text = (
            f"GET /pictures HTTP/1.1\r\nHost: {address.netloc}\r\nCookie: {cookie(preview)}\r\n\r\n"
        )

        def judged_share(pages: int) -> tuple[int, int]:
            """Return frames judged, and given by the camera, while `pages` are open."""
            stop = threading.Event()
            readers = [
                threading.Thread(target=read_pictures, args=(address, text, number, stop))
                for number in range(pages)
            ]
            for reader in readers:
                reader.start()
            wait_for(lambda: watchers(preview) == (1 if pages else 0))
            before, after = counted(preview), (0, 0)
            while after[1] < before[1] + 50:
                after = counted(preview)
                time.sleep(0.2)
            stop.set()
            for reader in readers:
                reader.join()
            return after[0] - before[0], after[1] - before[1]

        totals = {0: (0, 0), 5: (0, 0)}
        for pages in (0, 5, 0, 5):  # in turns, so that what else the machine does falls on both
            judged, given = judged_share(pages)
            totals[pages] = totals[pages][0] + judged, totals[pages][1] + given
        alone, watched = (judged / given for judged, given in totals.values())
        record_property("judged_share", {"alone": alone, "five pages": watched})
        print(f"judged of the camera's frames: {alone:.1%} alone, {watched:.1%} with five pages")
        assert watched >= 0.95 * alone

    def test_events_are_json(self, preview: Preview) -> None:
        address = urllib.parse.urlsplit(preview.base)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
        connection.request("GET", "/events", headers={"Cookie": cookie(preview)})
        response = connection.getresponse()
        kinds: set[str] = set()
        while kinds != {"state", "slow"}:
            line = response.readline().decode()
            if line.startswith("data: "):
                value = json.loads(line.removeprefix("data: "))
                kinds.add("state" if "senses" in value else "slow")
                if value.get("status"):
                    assert value["status"]["emotions_off"] is False
        connection.close()
