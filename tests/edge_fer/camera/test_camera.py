"""Camera URIs, the choice of the backend, and the pace of recorded frames."""

import contextlib
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_fer.camera import check_uri, open_camera
from edge_fer.camera.base import Pace
from edge_fer.camera.uri import parse_uri
from edge_fer.errors import UserError


def test_uri_is_taken_apart() -> None:
    uri = parse_uri("file:/clips/a b.mp4?speed=max&loop=1")
    assert (uri.scheme, uri.path) == ("file", "/clips/a b.mp4")
    assert uri.options == {"speed": "max", "loop": "1"}


def test_path_with_a_question_mark_is_written_with_one_more() -> None:
    assert parse_uri("file:what?.mp4?").path == "what?.mp4"
    assert parse_uri("file:what?.mp4?loop=1").path == "what?.mp4"


def test_uri_without_options_is_all_path() -> None:
    uri = parse_uri("v4l2:/dev/v4l/by-id/usb-046d:0825")
    assert (uri.path, dict(uri.options)) == ("/dev/v4l/by-id/usb-046d:0825", {})


def test_url_of_a_stream_keeps_its_query() -> None:
    uri = parse_uri("http://camera/video?user=a&quiet")
    assert (uri.path, dict(uri.options)) == ("//camera/video?user=a&quiet", {})


def test_password_is_in_no_message() -> None:
    text = "rtsp://user:secret@camera:554/stream"
    message = str(parse_uri(text).error("gone"))
    assert message == "camera rtsp://camera:554/***: gone"


def test_mistakes_in_a_uri_show_no_password() -> None:
    for text in (
        "//u:secret@cam/1",
        "v4l2://u:secret@cam?pwd=secret&pwd=secret",
        "rtp://u:secret@cam/",
    ):
        with pytest.raises(UserError) as error:
            check_uri(text)
        assert "secret" not in str(error.value)


@pytest.mark.parametrize("query", ["loop", "=1", "loop=", "loop=1&loop=0", "loop=1&"])
def test_malformed_option_is_named(query: str) -> None:
    with pytest.raises(UserError, match="is not an option"):
        parse_uri(f"demo:?{query}")


@pytest.mark.parametrize("text", ["", "/dev/video0", ":x"])
def test_missing_scheme_says_how_to_write_it(text: str) -> None:
    with pytest.raises(UserError, match=r"no scheme.*file:CLIP"):
        check_uri(text)


def test_unknown_scheme_lists_the_known() -> None:
    with pytest.raises(UserError, match=r"unknown scheme 'webcam': use one of file:, v4l2:, pica"):
        open_camera("webcam:0")


@pytest.mark.parametrize("value", ["0", "-1", "121", "nan", "inf", "fast", "1e999"])
def test_number_out_of_range_is_named(value: str) -> None:
    with pytest.raises(UserError, match=rf"fps: '{value}' is not in 1..120"):
        open_camera(f"demo:?fps={value}")


@given(st.text())
def test_any_text_is_a_uri_or_a_one_line_error(text: str) -> None:
    with contextlib.suppress(UserError):
        uri = parse_uri(text)
        assert text.startswith(f"{uri.scheme}:{uri.path}")


def test_package_loads_without_opencv() -> None:
    # The camera's process and the command line start in no time because of this.
    code = "import sys, edge_fer.camera.process; sys.exit('cv2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class FakeTime:
    def __init__(self) -> None:
        self.now_s = 100.0
        self.slept_s = 0.0

    def clock(self) -> float:
        return self.now_s

    def sleep(self, duration_s: float) -> None:
        assert duration_s > 0
        self.now_s += duration_s
        self.slept_s += duration_s


def test_pace_gives_one_frame_a_period() -> None:
    time = FakeTime()
    pace = Pace(25.0, clock=time.clock, sleep=time.sleep)
    for _ in range(101):
        pace.wait()
        time.now_s += 0.01  # what reading the frame takes
    assert time.now_s == pytest.approx(104.01)


def test_pace_does_not_hurry_after_a_stall() -> None:
    time = FakeTime()
    pace = Pace(10.0, clock=time.clock, sleep=time.sleep)
    pace.wait()
    time.now_s += 5.0
    pace.wait()
    before_s = time.now_s
    for _ in range(10):
        pace.wait()
    assert time.now_s - before_s == pytest.approx(1.0)
