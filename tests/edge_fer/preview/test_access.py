"""Who may see the page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_fer.preview.access import Access, host_name, is_loopback, new_token

ACCESS = Access("secret", frozenset({"localhost", "cabin"}))


@pytest.mark.parametrize(
    "header", ["127.0.0.1:8700", "localhost", "LOCALHOST:1", "cabin:8700", "[::1]:8700", "10.0.0.7"]
)
def test_addresses_and_names_of_this_machine_are_let_in(header: str) -> None:
    assert ACCESS.allows_host(header)


@pytest.mark.parametrize(
    "header",
    [
        *(None, "", "evil.example", "evil.example:8700", "127.0.0.1.evil.example"),
        *("localhost.evil:80", "[::1", "[::1]x", "cabin:port", "0x7f.1"),
    ],
)
def test_other_names_are_not(header: str | None) -> None:
    assert not ACCESS.allows_host(header)


@given(st.text(max_size=60))
def test_any_header_is_judged(header: str) -> None:
    ACCESS.allows_host(header)
    host_name(header)


def test_tokens() -> None:
    assert ACCESS.allows_token("secret")
    for wrong in (None, "", "secre", "secrets", "SECRET", "sécret", "\udcff"):
        assert not ACCESS.allows_token(wrong)
    assert len({new_token() for _ in range(20)}) == 20
    assert len(new_token()) >= 20


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://127.0.0.1:8700", True),
        (None, False),
        ("null", False),
        ("http://evil.example", False),
        ("http://127.0.0.1:8701", False),
    ],
)
def test_only_the_page_itself_changes_something(origin: str | None, allowed: bool) -> None:
    assert ACCESS.allows_origin(origin, "127.0.0.1:8700") is allowed


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        *(("127.0.0.1", True), ("127.1.2.3", True), ("::1", True), ("localhost", True)),
        *(("0.0.0.0", False), ("::", False), ("192.168.1.5", False), ("cabin", False)),
    ],
)
def test_what_leaves_the_machine(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
