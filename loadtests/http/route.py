"""How requests reach an origin: directly or through a proxy, with which certificates. Decided once for all connections."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass, field
from typing import Any

from gevent import socket

from loadtests.http.certificates import client_context, trusting_context
from loadtests.http.origin import Origin
from loadtests.http.proxy import Proxy, ProxyError, proxy_for
from loadtests.http.stream import Stream
from loadtests.http.tcp import TcpStream
from loadtests.http.tls_stream import TlsStream

CONNECT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Route:
    """The route to `origin`."""

    origin: Origin
    proxy: Proxy | None = None
    tls: Any = field(default=None, repr=False)
    """The settings of TLS with the origin (gevent's SSLContext); None for http."""
    proxy_tls: Any = field(default=None, repr=False)
    """The settings of TLS with the proxy; None without."""

    @property
    def is_loopback(self) -> bool:
        """Whether requests stay on this machine. Where a proxy sends them is not known, even if it is on this machine."""
        return self.proxy is None and self.origin.is_loopback

    @property
    def is_forwarded(self) -> bool:
        """Whether a proxy reads the requests: those with TLS go through a tunnel."""
        return self.proxy is not None and self.tls is None

    def connect(self) -> Stream:
        """Returns a new connection, all certificates verified. Blocks the greenlet. Raises OSError (ssl.SSLError is one)."""
        plain = self._connect_tcp()
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        tcp = TcpStream(plain)
        try:
            return self._secured(self._to_proxy(tcp))
        except BaseException:
            tcp.close()
            raise

    def _to_proxy(self, tcp: TcpStream) -> Stream:
        if self.proxy is None or self.proxy_tls is None:
            return tcp
        try:
            return TlsStream(tcp, self.proxy_tls, self.proxy.host)
        except ssl.SSLError as error:
            raise ProxyError(0, error.reason or "no TLS") from error

    def _secured(self, stream: Stream) -> Stream:
        if self.tls is None:
            return stream
        if self.proxy:
            self.proxy.open_tunnel(stream, self.origin.host_and_port)
        return TlsStream(stream, self.tls, self.origin.host)

    def _connect_tcp(self) -> socket.socket:
        if self.proxy is None:
            return _connect_tcp(self.origin.host, self.origin.port)
        try:
            return _connect_tcp(self.proxy.host, self.proxy.port)
        except OSError as error:
            raise ProxyError(error.errno, error.strerror) from error


def route_to(url: str, *, is_sandbox: bool = False) -> Route:
    """Returns the route to the API at `url` that the environment asks for. Raises InputError.

    `is_sandbox`: it is a sandbox that the run has started; no proxy could reach it.
    """
    origin = Origin.parse(url)
    proxy = None if is_sandbox else proxy_for(origin.url)
    return Route(
        origin,
        proxy,
        client_context() if origin.scheme == "https" else None,
        trusting_context() if proxy and proxy.is_encrypted else None,
    )


def _connect_tcp(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
    except ValueError:
        return socket.create_connection((host, port), timeout=CONNECT_SECONDS)
    # An IP address bypasses the resolver: it has ten threads, and a hundred connections at once would queue for them.
    plain = socket.socket(family)
    plain.settimeout(CONNECT_SECONDS)
    try:
        plain.connect((host, port))
    except BaseException:
        plain.close()
        raise
    return plain
