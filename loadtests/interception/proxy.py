"""The proxy: answers for the API from the sandbox, passes allowed hosts on, refuses the rest."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import h11

from loadtests.interception.access import Seen
from loadtests.interception.client import Client
from loadtests.interception.exchange import Exchange
from loadtests.interception.policy import Passage, Policy
from loadtests.interception.request_reader import LARGEST_BODY, RefusedError
from loadtests.interception.target import Target, connect_target, request_target
from loadtests.interception.upstream import connect, reach, reach_origin

_MOST_NAMES = 200
_OTHERS = "other hosts"
_UNTRUSTED = ("UNKNOWN_CA", "BAD_CERTIFICATE", "CERTIFICATE_UNKNOWN")
"""OpenSSL's names of the alerts of clients that do not trust a certificate (RFC 8446, section 6.2)."""


@dataclass
class Proxy:
    """Serves the connections of one audited program."""

    policy: Policy
    sandbox: Target
    api_tls: ssl.SSLContext
    """The settings of TLS for the API's host, which CONNECT has named."""
    any_tls: ssl.SSLContext
    """The same for connections without CONNECT: another host may be meant."""
    seen: Seen
    most_connections: int
    """At once."""
    connections: int = 0

    def __post_init__(self) -> None:
        self.any_tls.sni_callback = self._check_name

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serves a connection to the proxy: CONNECT, or requests that have an absolute URL or a Host header."""
        await self._accept(Client(reader, writer), self._serve)

    async def accept_tls(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serves a connection with TLS that was meant for the API itself."""
        await self._accept(Client(reader, writer), self._serve_tls)

    async def _accept(self, client: Client, serve: Callable[[Client], Awaitable[None]]) -> None:
        self.connections += 1
        try:
            if self.connections > self.most_connections:
                raise RefusedError(503, f"more than {self.most_connections} connections at once")
            await serve(client)
        except RefusedError as refusal:
            _add(self.seen.mistakes, refusal.reason)
            with contextlib.suppress(OSError):
                await client.refuse(refusal.status, refusal.reason)
        except OSError as error:
            # One side has cut its connection, or TLS failed: the other is cut, too.
            self.seen.untrusted += any(name in str(error) for name in _UNTRUSTED)
            client.abort()
        finally:
            self.connections -= 1
            await client.close()

    async def _serve_tls(self, client: Client) -> None:
        await client.secure(self.any_tls)
        await self._serve_api(client)

    async def _serve(self, client: Client) -> None:
        request = await client.requests.head()
        if request is None:
            return None
        if request.method == b"CONNECT":
            return await self._serve_tunnel(client, request)
        target = _target(request, client)
        match self.policy.passage(target):
            case Passage.SANDBOX:
                # One request a connection: the next could be for another host.
                target = self._at_sandbox(request, target)
                server = await connect(self.sandbox.host, self.sandbox.port)
                await Exchange(client, server).run_one(request, target, LARGEST_BODY)
            case Passage.ALLOWED:
                await Exchange(client, await reach_origin(target)).run_one(request, target, None)
            case Passage.REFUSED:
                await self._refuse(client, target)

    async def _serve_tunnel(self, client: Client, request: h11.Request) -> None:
        try:
            target = connect_target(request.target.decode("ascii"))
        except ValueError as error:
            raise RefusedError(400, f"CONNECT: {error}") from None
        await client.requests.read_nothing_more(request)
        match self.policy.passage(target):
            case Passage.SANDBOX:
                await client.open_tunnel(self.api_tls if target.port in self.policy.tls_ports else None)
                await self._serve_api(client)
            case Passage.ALLOWED:
                server = await reach(target)
                with contextlib.closing(server[1]):
                    await client.open_tunnel(None)
                    await Exchange(client, server).run_tunnel()
            case Passage.REFUSED:
                await self._refuse(client, target)

    async def _serve_api(self, client: Client) -> None:
        def at_sandbox(request: h11.Request) -> Target:
            target = _target(request, client)
            if self.policy.passage(target) is not Passage.SANDBOX:
                raise RefusedError(421, f"a request for {target.host} on a connection to {self.policy.api.host}")
            return self._at_sandbox(request, target)

        await Exchange(client, await connect(self.sandbox.host, self.sandbox.port)).run_all(at_sandbox)

    def _at_sandbox(self, request: h11.Request, target: Target) -> Target:
        length = next((int(value) for name, value in request.headers if name == b"content-length"), 0)
        if length > LARGEST_BODY:
            raise RefusedError(413, f"a body of more than {LARGEST_BODY >> 20} MB")
        self.seen.requests += 1
        return self.policy.at_sandbox(target)

    async def _refuse(self, client: Client, target: Target) -> None:
        if target.host == self.policy.api.host:
            raise RefusedError(403, f"{target.host} is the API's host, but it does not serve port {target.port}")
        self._count_host(target.host)
        await client.refuse(
            403, f"{target.host} is not the API's host; --allow-host {target.host} passes requests on to it"
        )

    def _check_name(self, connection: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> int | None:
        """Refuses TLS with any server but the API's."""
        if name is not None and name.lower() == self.policy.api.host:
            return None
        self._count_host(name.lower() if name else "a host without a name")
        return ssl.AlertDescription.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

    def _count_host(self, host: str) -> None:
        _add(self.seen.hosts, host if host.isascii() and host.isprintable() else _OTHERS)


def _target(request: h11.Request, client: Client) -> Target:
    host = next((value for name, value in request.headers if name == b"host"), b"")
    try:
        return request_target(request.target.decode("ascii"), host.decode("ascii"), client.scheme)
    except ValueError as error:
        raise RefusedError(400, str(error)) from None


def _add(counts: dict[str, int], name: str) -> None:
    name = name if name in counts or len(counts) < _MOST_NAMES else _OTHERS
    counts[name] = counts.get(name, 0) + 1
