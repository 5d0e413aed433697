"""Keeps the passwords of network cameras out of what is printed and logged."""

import re

MASK = "***"
# user:password@ before a host, to the last @ before the path: a password may hold one. In a URL
# that is wrong, because its password holds a slash, to the last of all; digits alone are a port.
_USER = re.compile(r"(?<=//)([^/:\s]*):(?:[^/?#\s]*@|(?!\d+(?:/|$))\S*@)")
# As cheap cameras want it: http://camera/video.cgi?user=admin&pwd=secret
_QUERY = re.compile(
    r"((?:^|[?&])(?:pass\w*|pwd|secret|token|auth\w*|key|apikey|api_key)=)[^&\s\"']+", re.IGNORECASE
)


def without_password(text: str) -> str:
    """Return a URI, or a text with URIs, as it may be shown: rtsp://user:***@camera/stream."""
    return _QUERY.sub(rf"\1{MASK}", _USER.sub(rf"\1:{MASK}@", text))
