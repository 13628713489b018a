"""A client for single requests: the list, the sweep, checks before a run. The same connection as the engine's, one at a time."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

import gevent
import msgspec

from loadtests.http.connection import Connection, Exchange
from loadtests.http.request import WITH_BODY, request_head
from loadtests.http.route import Route

LARGEST_ANSWER = 64 << 20
"""Bytes; a larger one is not read."""


class HttpClient:
    """Sends `key` along `route`. Each request takes at most `timeout` seconds."""

    def __init__(self, route: Route, key: str, timeout: float) -> None:
        self._route = route
        self._key = key
        self._timeout = timeout
        self._connection = Connection(route, largest=LARGEST_ANSWER)

    def get(self, path: str, query: Mapping[str, str | int] | None = None) -> Exchange:
        """Returns what came of a GET request."""
        target = f"{path}?{urlencode(query)}" if query else path
        return self._exchange(request_head(self._route, "GET", target, self._key))

    def post(self, path: str, body: object) -> Exchange:
        """Returns what came of a POST request whose body is JSON. It is repeated if the connection was stale."""
        data = msgspec.json.encode(body)
        return self._exchange(WITH_BODY % (request_head(self._route, "POST", path, self._key), len(data), data))

    def _exchange(self, request: bytes) -> Exchange:
        timer = gevent.Timeout.start_new(self._timeout, TimeoutError("no answer in time"))
        try:
            return self._connection.exchange(request, is_repeatable=True)
        finally:
            timer.close()

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()
