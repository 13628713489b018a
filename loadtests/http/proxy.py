"""The proxy that the environment names for an origin, and the tunnel through it (CONNECT: RFC 9110, section 9.3.6).

The variables mean what they mean to `requests`, whose own functions read them.
"""

from __future__ import annotations

import base64
import os
import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from loadtests.http.stream import Stream, receive
from loadtests.model.text.input_error import InputError

_SUFFIX = "_proxy"
_LARGEST_HEAD = 1 << 16
HEAD_END = b"\r\n\r\n"
"""What ends the head of a request or an answer."""
_STATUS = re.compile(rb"HTTP/1\.\d (\d{3})\b")


class ProxyError(OSError):
    """The proxy cannot be reached, or does not open a tunnel."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy."""

    host: str
    port: int
    variable: str = ""
    """The environment variable that names it."""
    authorization: str = field(default="", repr=False)
    """The value of Proxy-Authorization; "": none. A secret."""
    is_encrypted: bool = False
    """Whether the connection to it has TLS."""

    @classmethod
    def parse(cls, url: str, variable: str) -> Proxy:
        """Returns the proxy at `url`; the scheme may be missing. Raises InputError, which does not show user and password."""
        try:
            parts = urlsplit(url if "://" in url else f"http://{url}")
            port = parts.port
        except ValueError:
            raise _mistake(url, variable) from None
        if (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or any(ord(c) <= 32 or ord(c) > 126 for c in parts.netloc)
        ):
            raise _mistake(url, variable)
        is_encrypted = parts.scheme == "https"
        return cls(parts.hostname, port or (443 if is_encrypted else 80), variable, _authorization(parts), is_encrypted)

    @property
    def authority(self) -> str:
        """Host and port, for messages."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def header_lines(self) -> tuple[str, ...]:
        """What a request for the proxy has in addition."""
        return (f"Proxy-Authorization: {self.authorization}",) if self.authorization else ()

    def open_tunnel(self, stream: Stream, authority: str) -> None:
        """Makes `stream`, a connection to the proxy, one to `authority` (host:port). Blocks the greenlet. Raises OSError."""
        stream.write(self.connect_request(authority))
        head = bytearray()
        while HEAD_END not in head:
            data = receive(stream)
            if not data or len(head) > _LARGEST_HEAD:
                break
            head += data
        check_tunnel(head)

    def connect_request(self, authority: str) -> bytes:
        """Returns the request for a tunnel to `authority` (host:port)."""
        lines = (f"CONNECT {authority} HTTP/1.1", f"Host: {authority}", *self.header_lines, "User-Agent: streamsoak")
        return "\r\n".join((*lines, "", "")).encode("ascii")


def check_tunnel(head: bytes | bytearray) -> None:
    """Raises ProxyError if `head`, a proxy's answer to CONNECT, is cut off or does not open the tunnel."""
    if HEAD_END not in head:
        raise ProxyError(0, "no answer to CONNECT")
    status = _STATUS.match(head)
    if not status or not status[1].startswith(b"2"):
        raise ProxyError(0, f"HTTP {status[1].decode()}" if status else "no HTTP")


def proxy_for(url: str) -> Proxy | None:
    """Returns the proxy that HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY name for `url`. Raises InputError."""
    if not any(name.lower().endswith(_SUFFIX) for name in os.environ):
        return None
    # Only here: the import takes a tenth of a second.
    from requests.utils import get_environ_proxies, select_proxy

    found = select_proxy(url, get_environ_proxies(url))
    return Proxy.parse(found, _variable(urlsplit(url).scheme, found)) if found else None


def _variable(scheme: str, url: str) -> str:
    """Returns the name of the variable that has this value; lower case takes precedence, as for `requests`."""
    names = [name + _SUFFIX for name in (scheme, "all")]
    candidates = [form for name in names for form in (name, name.upper())]
    return next((name for name in candidates if os.environ.get(name) == url), candidates[1])


def _authorization(parts: SplitResult) -> str:
    if not parts.username:
        return ""
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def _mistake(url: str, variable: str) -> InputError:
    shown = re.sub(r"^(\w+://)?.*@", r"\1", url)
    return InputError.of(
        variable,
        f"must be http(s)://[USER:PASSWORD@]HOST[:PORT]; other kinds of proxies are not supported (is {shown!r})",
    )
