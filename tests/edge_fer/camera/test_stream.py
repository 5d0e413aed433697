"""A camera on the network: a real MJPEG stream over HTTP, and what is said where there is none."""

import http.server
import socket
import threading
from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from edge_fer.camera import check_uri, open_camera
from edge_fer.camera.uri import parse_uri
from edge_fer.errors import UserError

FRAMES = 12


class Mjpeg(http.server.BaseHTTPRequestHandler):
    """Sends some frames as a network camera does, then hangs up."""

    def do_GET(self) -> None:  # the library's name
        if self.path != "/video?user=a":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        for number in range(FRAMES):
            image = np.full((96, 128, 3), 20 * number, np.uint8)
            data = cv2.imencode(".jpg", image)[1].tobytes()
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
            self.wfile.write(head.encode() + data + b"\r\n")

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mjpeg) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_port}"
        serving.shutdown()


def test_frames_of_a_network_camera(server: str) -> None:
    camera = open_camera(f"{server}/video?user=a", fps=30)
    levels: list[int] = []

    def watch() -> None:
        while (frame := camera.read()) is not None:
            assert frame.shape == (96, 128)
            levels.append(round(float(frame.mean()) / 20))

    with pytest.raises(UserError, match="the stream broke off"):
        watch()
    camera.close()
    assert levels[:3] == [0, 1, 2]
    assert len(levels) >= FRAMES - 1
    assert 1 <= camera.fps <= 120


def test_a_page_that_is_not_there(server: str) -> None:
    with pytest.raises(UserError, match="check host, path and password"):
        open_camera(f"{server}/nothing")


@pytest.mark.parametrize("scheme", ["rtsp", "http"])
def test_a_host_that_does_not_listen(scheme: str) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(UserError) as caught:
        open_camera(f"{scheme}://user:secret@127.0.0.1:{port}/stream")
    assert "secret" not in str(caught.value)
    assert f"{scheme}://127.0.0.1:{port}/***: no picture" in str(caught.value)


@pytest.mark.parametrize("uri", ["rtsp:", "rtsp://", "http:camera/video"])
def test_urls_without_a_host(uri: str) -> None:
    with pytest.raises(UserError, match=r"no host: write (rtsp|http)://HOST/PATH"):
        open_camera(uri)


def test_a_stream_is_turned_by_the_fragment_of_its_url(server: str) -> None:
    camera = open_camera(f"{server}/video?user=a#rotate=90&flip=1", fps=30)
    frame = camera.read()
    camera.close()
    assert frame is not None
    assert frame.shape == (128, 96)


@pytest.mark.parametrize("fragment", ["#view", "#rotate", "#rotate=90&t=1", "#"])
def test_a_fragment_that_is_not_ours_is_part_of_the_url(fragment: str) -> None:
    parsed = parse_uri(f"rtsp://user:a#rotate=9@host/path{fragment}")
    assert (parsed.path, parsed.options) == (f"//user:a#rotate=9@host/path{fragment}", {})


def test_a_wrong_turn_of_a_stream_is_refused_without_its_password() -> None:
    with pytest.raises(UserError, match="rotate: '45' is not 0 or 90 or 180 or 270") as refused:
        check_uri("rtsp://user:secret@host/path#rotate=45")
    assert "secret" not in str(refused.value)
