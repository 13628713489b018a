"""Connections to the servers behind the proxy: the sandbox, and hosts that are allowed."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator

import h11

from loadtests.http.fields import tokens
from loadtests.http.proxy import HEAD_END, Proxy, check_tunnel, proxy_for
from loadtests.interception.request_reader import RefusedError
from loadtests.interception.target import Target
from loadtests.model.text.input_error import InputError

CONNECT_SECONDS = 10.0
_CHUNK = 1 << 16
_HOP = frozenset({b"connection", b"proxy-connection", b"keep-alive", b"proxy-authorization", b"te", b"upgrade"})
"""Headers of one connection (RFC 9110, section 7.6.1), and the obsolete ones."""

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def connect(host: str, port: int, context: ssl.SSLContext | None = None) -> Stream:
    """Returns a new connection. Raises OSError."""
    async with asyncio.timeout(CONNECT_SECONDS):
        return await asyncio.open_connection(host, port, ssl=context)


async def reach(target: Target) -> Stream:
    """Returns a new connection to a server that is allowed; raises RefusedError.

    It goes through the proxy that the user's environment names for the server, if any.
    """
    try:
        return await _connect_to(target)
    except (OSError, InputError) as error:
        raise _unreachable(target, error) from None


async def reach_origin(target: Target) -> Stream:
    """The same, with TLS if the request is one of https; the server's certificate is verified."""
    stream = await reach(target)
    try:
        if target.is_secure:
            await stream[1].start_tls(ssl.create_default_context(), server_hostname=target.host)
    except OSError as error:
        raise _unreachable(target, error) from None
    return stream


def _unreachable(target: Target, error: Exception) -> RefusedError:
    return RefusedError(502, f"{target.host} cannot be reached ({error or 'time-out'})")


async def _connect_to(target: Target) -> Stream:
    proxy = proxy_for(target.url)
    if proxy is None:
        return await connect(target.host, target.port)
    stream = await connect(proxy.host, proxy.port, ssl.create_default_context() if proxy.is_encrypted else None)
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await _open_tunnel(stream, proxy, target)
    except BaseException:
        stream[1].close()
        raise
    return stream


async def send_request(
    writer: asyncio.StreamWriter,
    request: h11.Request,
    target: Target,
    body: AsyncIterator[h11.Data | h11.EndOfMessage],
    *,
    is_last: bool,
) -> None:
    """Sends a request as one for `target`. `is_last`: the server is to close the connection after its answer. Raises OSError."""
    connection = h11.Connection(h11.CLIENT)
    headers = _headers(request, target, is_last)
    writer.write(connection.send(h11.Request(method=request.method, target=target.path, headers=headers)) or b"")
    async for part in body:
        writer.write(connection.send(part) or b"")
        await writer.drain()


def _headers(request: h11.Request, target: Target, is_last: bool) -> list[tuple[bytes, bytes]]:
    """A URL overrules the Host header, which HTTP/1.0 may leave out (RFC 9112, section 3.2.2)."""
    dropped = {b"host", *(_HOP | tokens(request.headers, b"connection") if is_last else ())}
    kept = [(name, value) for name, value in request.headers.raw_items() if name.lower() not in dropped]
    return [(b"Host", target.host_header.encode()), *kept, *([(b"Connection", b"close")] if is_last else [])]


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Passes on all bytes until `reader` ends. Raises OSError."""
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()


async def _open_tunnel(stream: Stream, proxy: Proxy, target: Target) -> None:
    reader, writer = stream
    writer.write(proxy.connect_request(target.authority))
    try:
        head = await reader.readuntil(HEAD_END)
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        head = b""
    check_tunnel(head)
