"""No secret of a camera URI is shown, whatever its characters and wherever it stands."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_fer.camera.uri import parse_uri
from edge_fer.errors import UserError
from edge_fer.redaction import redacted, redacted_uri, redacted_value
from edge_fer.setting import shown

SECRET = "s3cr3t"
# What a person or a vendor may put into a password, before or after the part that we look for.
around = st.text(st.sampled_from("@/?#:&=%+;,'\"()[]{}<>|\\ ~$!*-._aZ0é "), max_size=6)
schemes = st.sampled_from(["rtsp", "rtsps", "http", "https", "RTSP", "rtmp", "rtp", "udp", "x+y"])
hosts = st.sampled_from(["cam", "192.168.1.64", "cam.local:554", "[fe80::1]:554"])


@st.composite
def uris(draw: st.DrawFn) -> str:
    """Return a URI with a secret in one of the places that vendors use."""
    secret = draw(around) + SECRET + draw(around)
    host, scheme = draw(hosts), draw(schemes)
    key = draw(st.sampled_from(["pwd", "loginpas", "usr_pw", "t", "access-token", "sid", "k"]))
    return f"{scheme}://" + draw(
        st.sampled_from(
            [
                f"user:{secret}@{host}/stream",
                f"{secret}@{host}/",
                f":{secret}@{host}",
                f"user:{secret}@{host}/a?b=c@d",
                f"{host}/user=admin_password={secret}_channel=1_stream=0.sdp",
                f"{host}/v.cgi?user=a&{key}={secret}&x=1",
                f"{host}/v.cgi#{key}={secret}",
                f"user:{secret}@{host}:554/1?{key}={secret}",
            ]
        )
    )


@given(uris())
def test_no_secret_is_shown_of_a_uri(uri: str) -> None:
    assert SECRET not in redacted_uri(uri)
    assert redacted_uri(redacted_uri(uri)) == redacted_uri(uri)


@given(uris(), st.text(max_size=20))
def test_no_secret_is_shown_in_a_text_with_a_known_uri(uri: str, text: str) -> None:
    assert SECRET not in redacted(f"{text}{uri}: {text} '{uri}'", uri)


@given(uris())
def test_a_known_uri_is_found_however_a_library_writes_it(uri: str) -> None:
    for written in (repr(uri), json.dumps(uri), " ".join(uri.split()), f"{(1, uri)}"):
        assert SECRET not in redacted(f"it failed: {written}", uri)


@given(uris().filter(lambda uri: not any(sign.isspace() for sign in uri)))
def test_no_secret_is_shown_in_a_text_with_an_unknown_uri(uri: str) -> None:
    for text in (f"404 at '{uri}'", f"{uri}: gone", f"camera ({uri})", f"a {uri}, b {uri}."):
        assert SECRET not in redacted(text)


@given(uris())
def test_no_secret_is_shown_of_a_value_or_an_error(uri: str) -> None:
    for value in (uri, [uri], {"uri": uri}, (1, uri)):
        assert SECRET not in shown(value)
        assert SECRET not in str(redacted_value(value))
    with pytest.raises(UserError) as error:
        parse_uri(f"v4l2:{uri.partition(':')[2]}?=1")
    assert SECRET not in str(error.value)


@pytest.mark.parametrize(
    ("uri", "wanted"),
    [
        ("rtsp://user:secret@camera:554/stream", "rtsp://camera:554/***"),
        ("rtsp://camera:554/", "rtsp://camera:554"),
        ("rtsp://[fe80::1]:554/x", "rtsp://[fe80::1]:554/***"),
        ("rtsp://u:p@ss:w@cam", "rtsp://cam"),
        ("rtsp://u:pass/w@cam/1", "rtsp://***"),  # which part is the host is not certain
        ("rtsp://cam/a@b", "rtsp://***"),
        ("http:/cam/pwd=x", "http:***"),
        ("//u:secret@cam/1", "//cam/***"),
    ],
)
def test_host_and_port_are_shown_where_they_are_certain(uri: str, wanted: str) -> None:
    assert redacted_uri(uri) == wanted


@pytest.mark.parametrize(
    "plain",
    [
        "v4l2:/dev/v4l/by-id/usb:x@y",
        "file:/a//b.mp4?loop=1",
        "demo:?fps=5",
        "picamera:0",
        "",
        "a//b",
    ],
)
def test_what_is_not_of_a_network_is_shown_as_it_is(plain: str) -> None:
    assert redacted_uri(plain) == plain
    assert redacted(plain) == plain


def test_the_sentence_around_a_uri_stays() -> None:
    text = "'rtsp://u:secret@cam/': 404 at (http://cam/v?k=secret), twice."
    assert redacted(text) == "'rtsp://cam': 404 at (http://cam/***), twice."
