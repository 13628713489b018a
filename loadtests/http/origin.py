"""The API's address (scheme, host, port, path prefix) and how to connect to it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import gevent.ssl
from gevent import socket

from loadtests.http.tcp import TcpStream
from loadtests.model.text.input_error import InputError

CONNECT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Origin:
    """An HTTP origin, with a path prefix for every request."""

    scheme: str
    host: str
    port: int
    prefix: str = ""

    @classmethod
    def parse(cls, url: str) -> Origin:
        """Returns the origin of `url`. Raises InputError."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise InputError.of("--host", f"{url!r} is not a URL: {error}") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InputError.of(
                "--host", f"must be scheme://host[:port][/path], as in 'https://api.konpro.ai' (is {url!r})"
            )
        if parts.username or parts.password:
            raise InputError.of("--host", "must not contain a user name: the key is read from the environment only")
        if parts.query or parts.fragment or any(ord(c) <= 32 or ord(c) > 126 for c in url):
            raise InputError.of(
                "--host", f"must be scheme://host[:port][/path], without query, fragment or spaces (is {url!r})"
            )
        return cls(
            parts.scheme, parts.hostname, port or (443 if parts.scheme == "https" else 80), parts.path.rstrip("/")
        )

    @property
    def authority(self) -> str:
        """The Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        standard = self.port == (443 if self.scheme == "https" else 80)
        return host if standard else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The base URL, without a trailing slash."""
        return f"{self.scheme}://{self.authority}{self.prefix}"

    @property
    def is_loopback(self) -> bool:
        """Whether requests stay on this machine."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def connect(self) -> Any:
        """Returns a new connection (socket or TcpStream), its certificate verified. Raises OSError (ssl.SSLError is one)."""
        plain = self._connect_tcp()
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.scheme == "http":
            return TcpStream(plain)
        try:
            secured = _ssl_context(self).wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise
        secured.settimeout(None)
        return secured

    def _connect_tcp(self) -> socket.socket:
        try:
            family = socket.AF_INET6 if ipaddress.ip_address(self.host).version == 6 else socket.AF_INET
        except ValueError:
            return socket.create_connection((self.host, self.port), timeout=CONNECT_SECONDS)
        # An IP address bypasses the resolver: it has ten threads, and a hundred connections at once would queue for them.
        plain = socket.socket(family)
        plain.settimeout(CONNECT_SECONDS)
        try:
            plain.connect((self.host, self.port))
        except BaseException:
            plain.close()
            raise
        return plain


@lru_cache(maxsize=8)
def _ssl_context(origin: Origin) -> gevent.ssl.SSLContext:  # noqa: ARG001 - the cache key
    # Once for each origin: creating it reads the whole certificate store, too slow for each connection.
    return gevent.ssl.create_default_context()
