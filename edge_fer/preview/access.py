"""Who may see the page. Pure.

Each request needs the token that the command printed: on loopback too, because every user of the
machine reaches that. The name in the Host header must be an address or one of this machine's own,
or a page of the internet could have its own name point here (DNS rebinding). Requests that change
something must come from the page itself.
"""

import hmac
import ipaddress
import secrets
from dataclasses import dataclass

TOKEN_BYTES = 16


def new_token() -> str:
    """Return a token that nobody can guess, safe in a URL."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches what is served on `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Access:
    """`token` opens the page; `names` are what this machine may be called beside its addresses."""

    token: str
    names: frozenset[str]

    def allows_token(self, given: str | None) -> bool:
        """Return whether `given` is the token; takes as long for each wrong one."""
        # In a header there may be bytes that are no text.
        return given is not None and hmac.compare_digest(
            given.encode("utf-8", "surrogateescape"), self.token.encode()
        )

    def allows_host(self, header: str | None) -> bool:
        """Return whether a Host header names this machine."""
        name = host_name(header)
        if name is None:
            return False
        if name in self.names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def allows_origin(self, origin: str | None, host: str | None) -> bool:
        """Return whether a request that changes something comes from the page itself."""
        return origin is not None and host is not None and origin == f"http://{host}"


def host_name(header: str | None) -> str | None:
    """Return the name or address in a Host header, in lower case and without its port."""
    if not header:
        return None
    if header.startswith("["):  # IPv6
        address, bracket, port = header[1:].partition("]")
        return address.lower() if bracket and (not port or port.startswith(":")) else None
    name, _, port = header.partition(":")
    return name.lower() if name and (not port or port.isdigit()) else None
