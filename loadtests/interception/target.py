"""Where a request is meant for: the host and port of CONNECT, of an absolute URL, or of the Host header. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_AUTHORITY = re.compile(r"(?:\[([0-9a-f:.]{2,45})\]|([a-z0-9_-]+(?:\.[a-z0-9_-]+)*)\.?)(?::([0-9]{1,5}))?")
_ABSOLUTE = re.compile(r"(https?)://([^/?#]*)(.*)", re.IGNORECASE)
_LONGEST_HOST = 253
_STANDARD_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Target:
    """A server, and what is asked of it."""

    host: str
    """In lower case, without brackets."""
    port: int
    path: str = ""
    """Path and query; "" for CONNECT."""
    is_secure: bool = False
    """Whether the request is one of https."""

    @property
    def authority(self) -> str:
        """Host and port."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def host_header(self) -> str:
        """The value of the Host header."""
        standard = self.port == _STANDARD_PORTS["https" if self.is_secure else "http"]
        return self.authority.rpartition(":")[0] if standard else self.authority

    @property
    def url(self) -> str:
        """The server's URL."""
        return f"{'https' if self.is_secure else 'http'}://{self.authority}"


def connect_target(text: str) -> Target:
    """Returns the target of a CONNECT request (RFC 9110, section 9.3.6: host and port). Raises ValueError."""
    host, port = _authority(text, 0)
    return Target(host, port, is_secure=True)


def request_target(text: str, host_header: str, scheme: str) -> Target:
    """Returns the target of any other request: an absolute URL, or a path with the Host header. Raises ValueError.

    `scheme`: of a request that has only a path.
    """
    absolute = _ABSOLUTE.fullmatch(text)
    if absolute:
        scheme, authority, path = absolute[1].lower(), absolute[2], absolute[3].partition("#")[0]
        # RFC 9112, section 3.2.1: an empty path is sent as "/".
        path = path if path.startswith("/") else f"/{path}"
    elif text.startswith("/"):
        authority, path = host_header, text
    else:
        raise ValueError("the target is neither a URL nor a path")
    host, port = _authority(authority, _STANDARD_PORTS[scheme])
    return Target(host, port, path, scheme == "https")


def _authority(text: str, standard_port: int) -> tuple[str, int]:
    found = _AUTHORITY.fullmatch(text.lower())
    if not found or len(found[1] or found[2]) > _LONGEST_HOST:
        raise ValueError("the host is not valid")
    port = int(found[3]) if found[3] else standard_port
    if not 0 < port < 65536:
        raise ValueError("the port is not valid")
    return found[1] or found[2], port
