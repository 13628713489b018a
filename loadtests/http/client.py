"""A client for single requests: the list, the sweep, checks before a run. The same connection as the engine's, one at a time."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

import gevent
import msgspec

from loadtests.http.connection import Connection
from loadtests.http.exchange import Exchange
from loadtests.http.link import target_of
from loadtests.http.request import request_head
from loadtests.http.route import Route
from loadtests.model.api.description.description import ApiDescription
from loadtests.model.api.description.listing import ListDescription
from loadtests.model.api.operation import Operation

LARGEST_ANSWER = 64 << 20
"""Bytes; a larger one is not read."""


class HttpClient:
    """Sends `key` along `route` as `api` takes it. Each request takes at most `timeout` seconds."""

    def __init__(self, route: Route, api: ApiDescription, key: str, timeout: float) -> None:
        self._route = route
        self._credential = api.key.line(key)
        self._timeout = timeout
        self._repeatable = api.repeatable
        self._connection = Connection(route, largest=LARGEST_ANSWER, keeps_head=True)

    def get(self, path: str, query: Mapping[str, str | int] | None = None) -> Exchange:
        """Returns what came of a GET request."""
        target = f"{path}?{urlencode(query)}" if query else path
        return self.send(request_head(self._route, "GET", target, self._credential) + b"\r\n")

    def list(self, listing: ListDescription, query: Mapping[str, str | int], link: str = "") -> Exchange:
        """Returns what came of the list call: the first page with `query` added, or the one that the answer before linked to."""
        target = f"{listing.path}?{urlencode(asked)}" if (asked := {**listing.first_page, **query}) else listing.path
        if link:
            target = target_of(link, target, self._route.origin.prefix)
        body = b"" if listing.body is None else msgspec.json.encode(listing.body)
        credential = self._credential if listing.auth == "key" else ""
        head = request_head(self._route, listing.method, target, credential, has_body=bool(body))
        if body or listing.method == "POST":
            head += b"Content-Length: %d\r\n" % len(body)
        return self.send(head + b"\r\n" + body, Operation.LIST in self._repeatable)

    def send(self, request: bytes, is_repeatable: bool = True) -> Exchange:
        """Returns what came of a complete request. One that is repeatable is sent again if the connection was stale."""
        timer = gevent.Timeout.start_new(self._timeout, TimeoutError("no answer in time"))
        try:
            return self._connection.exchange(request, is_repeatable=is_repeatable)
        finally:
            timer.close()

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()
