"""Reads a client's requests from the bytes of its connection, and rejects what must not be passed on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from loadtests.http.fields import named
from loadtests.reverse_proxy.context import Context
from loadtests.reverse_proxy.exchange import Exchange
from loadtests.reverse_proxy.headers import (
    BadRequestError,
    check_head,
    chunk,
    last_chunk,
    path_of,
    request_head,
    without_offer,
)


class RequestReader:
    """The requests of one connection.

    `on_begin` is called when a request begins; `on_head` with each request whose head has been read. Its body is added to it as
    it comes. The methods that begin with on_ are httptools' callbacks: what they raise ends the parser's work.
    """

    def __init__(self, context: Context, on_begin: Callable[[], None], on_head: Callable[[Exchange], None]) -> None:
        self._context = context
        self._bounds = context.bounds
        self._on_begin, self._on_head = on_begin, on_head
        self._parser: Any = HttpRequestParser(self)
        self._unread = 0
        """Bytes since the last part of a request that was complete: a head, or a piece of a body."""
        self.exchange: Exchange | None = None
        """The request that is being read."""
        self.is_over = False
        """Whether nothing more is read."""

    @property
    def is_idle(self) -> bool:
        """Whether no part of a request has been read."""
        return self.exchange is None and not self._unread

    def end(self) -> None:
        """Reads no more, nor the rest of the request that is being read."""
        self.exchange, self.is_over = None, True

    def feed(self, data: bytes) -> None:
        """Reads a part of a request. Raises BadRequestError for one that must not be passed on."""
        self._unread += len(data)
        mistake = None
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            return self._pass_over(data[int(upgrade.args[0]) :])
        except HttpParserError as error:
            mistake = self._mistake(error)
        if self._unread > self._bounds.head:
            # One line may be read for long before a callback tells of it: of the head, of a chunk or of the trailers.
            mistake = BadRequestError(431, f"a line, or the head, is larger than {self._bounds.head:,} bytes")
        if mistake is not None:
            raise mistake

    def _mistake(self, error: HttpParserError) -> BadRequestError | None:
        cause = error.__context__
        if isinstance(cause, BadRequestError):
            return cause
        # What follows a client's last request is not looked at.
        return None if self.is_over else BadRequestError(400, f"the request is not HTTP/1.1: {error}")

    def _pass_over(self, rest: bytes) -> None:
        """Reads a request again without its offer of another protocol: the parser stops behind the head of such a request."""
        exchange, self.exchange = self.exchange, None
        self._parser = HttpRequestParser(self)
        if exchange is not None and not self.is_over:
            self.feed(without_offer(exchange.method, exchange.target, exchange.headers) + rest)

    # httptools' callbacks

    def on_message_begin(self) -> None:
        """Begins a request."""
        self.exchange = Exchange(time.monotonic())
        self._on_begin()

    def on_url(self, target: bytes) -> None:
        """Takes a piece of the target."""
        if self.exchange is not None:
            self.exchange.target += target
            self._count(self.exchange, len(target))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Takes a header, or a trailer."""
        exchange = self.exchange
        if exchange is not None:
            (exchange.trailers if exchange.head else exchange.headers).append((name, value))
            self._count(exchange, len(name) + len(value) + 4)

    def on_headers_complete(self) -> None:
        """Prepares the head for the upstream."""
        exchange = self.exchange
        if exchange is None:
            return
        context, parser = self._context, self._parser
        exchange.method = parser.get_method()
        version = parser.get_http_version()
        if parser.should_upgrade():
            check_head(exchange.method, version, exchange.headers)
            return
        head, exchange.chunked = request_head(
            exchange.method, exchange.target, version, exchange.headers, context.authority, context.prefix
        )
        exchange.head, exchange.size, self._unread = True, 0, 0
        if int(next(iter(named(exchange.headers, b"content-length")), b"0")) > self._bounds.body:
            raise BadRequestError(413, f"the body is larger than {self._bounds.body:,} bytes")
        exchange.is_old = version == "1.0"
        exchange.is_last = exchange.is_old or not parser.should_keep_alive()
        exchange.outgoing.append(head)
        path, exchange.query = path_of(exchange.target)
        exchange.call = context.routes.find(exchange.method.decode("ascii"), path.decode("ascii", "replace"), path)
        self._on_head(exchange)

    def on_body(self, data: bytes) -> None:
        """Takes a piece of the body."""
        exchange = self.exchange
        if exchange is None:
            return
        self._unread = 0
        exchange.passed += len(data)
        if exchange.passed > self._bounds.body:
            raise BadRequestError(413, f"the body is larger than {self._bounds.body:,} bytes")
        exchange.outgoing.append(chunk(data) if exchange.chunked else data)
        if exchange.call is not None:
            exchange.asked.add(data)

    def on_message_complete(self) -> None:
        """Ends the request."""
        exchange = self.exchange
        if exchange is None or not exchange.head:
            return
        self.exchange = None
        if exchange.chunked:
            exchange.outgoing.append(last_chunk(exchange.trailers))
        self._unread = 0
        exchange.is_complete = True
        self.is_over = self.is_over or exchange.is_last

    def _count(self, exchange: Exchange, size: int) -> None:
        exchange.size += size
        if exchange.size > self._bounds.head:
            raise BadRequestError(431, f"the head is larger than {self._bounds.head:,} bytes")
