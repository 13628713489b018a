"""Polls the API's list in a process of its own, so that reading a long list never delays the engine.

`python -m loadtests.observing.list_observer` reads one line of JSON (`PollSettings`) from standard input. It then writes one
line of JSON (`ListSnapshot`) to standard output for each poll, until standard input ends. The API key comes from the environment.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import msgspec

from loadtests.http.client import HttpClient
from loadtests.http.exchange import Exchange
from loadtests.http.key import api_key, redacted
from loadtests.http.link import next_link
from loadtests.http.route import route_to
from loadtests.model.api.answer import Answer, Outcome, Reason
from loadtests.model.api.description.description import ApiDescription
from loadtests.model.api.description.listing import ListDescription
from loadtests.model.api.operation import Operation
from loadtests.model.api.reading import reading_of
from loadtests.model.api.translation import answer_from_body
from loadtests.observing.list_snapshot import ListHistory, ListSnapshot
from loadtests.observing.session_list import ListAnswer, PageRequest, PartialListError, SessionList, read_sessions


class PollSettings(msgspec.Struct):
    """What to poll, and how often."""

    origin: str
    """Scheme, host, port and path prefix."""
    api: str
    """The API's description, as JSON."""
    every: float
    timeout: float
    zero: float
    """The run's start on time.monotonic, which all processes of a machine share."""
    is_sandbox: bool = False
    """Whether it is a sandbox that the run has started."""


class UnreachableError(OSError):
    """No connection could be opened."""


class ListRefusedError(ValueError):
    """The API refused the list call. `reason`: why, by status and code."""

    def __init__(self, message: str, reason: Reason) -> None:
        super().__init__(message)
        self.reason = reason


def listed_sessions(client: HttpClient, api: ApiDescription, key: str) -> dict[str, float]:
    """Returns the listed ids with created_at; see `session_list_of`."""
    return session_list_of(client, api, key).sessions


def session_list_of(client: HttpClient, api: ApiDescription, key: str) -> SessionList:
    """Returns the open sessions. The API must have a list.

    Raises UnreachableError if no connection can be opened, ListRefusedError, or another ValueError with the reason.
    """
    listing = _listing(api)
    exchange = client.list(listing, {})
    if not exchange.was_sent:
        raise UnreachableError(exchange.error or exchange.failure)
    if exchange.failure:
        raise ListRefusedError(f"no usable answer ({exchange.failure})", exchange.failure)
    answer = answer_from_body(exchange.status, exchange.body, 0.0, 0.0, reading=reading_of(api, Operation.LIST))
    if answer.outcome is not Outcome.OK:
        text = redacted(answer.message, key) or answer.reason
        raise ListRefusedError(f"HTTP {exchange.status}: {text}", answer.reason)
    try:
        return read_sessions(lambda wanted: _page(client, listing, wanted), _list_answer(exchange), listing)
    except _PageError as error:
        raise ListRefusedError(f"a page without a usable answer ({error.reason})", error.reason) from None


def _listing(api: ApiDescription) -> ListDescription:
    if api.list is None:
        raise ValueError(f"the API {api.name} has no list")
    return api.list


class _PageError(Exception):
    """A page of the list could not be read. `retry_after`: seconds that the API asks to wait for."""

    def __init__(self, reason: Reason, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


def _page(client: HttpClient, listing: ListDescription, wanted: PageRequest) -> ListAnswer:
    exchange = client.list(listing, wanted.query, wanted.link)
    if exchange.failure:
        raise _PageError(exchange.failure)
    return _list_answer(exchange)


def _list_answer(exchange: Exchange) -> ListAnswer:
    return ListAnswer(exchange.body, next_link(exchange.head))


class ListObserver:
    """Polls the list, and reports what changed since the poll before.

    `may_send` is asked before each page but the first; a list whose pages it cuts off is partial.
    """

    def __init__(self, settings: PollSettings, key: str, may_send: Callable[[], bool] = lambda: True) -> None:
        self._may_send = may_send
        self._requests = 0
        self._settings = settings
        api = ApiDescription.model_validate_json(settings.api)
        self._listing, self._reading = _listing(api), reading_of(api, Operation.LIST)
        self._http = HttpClient(route_to(settings.origin, is_sandbox=settings.is_sandbox), api, key, settings.timeout)
        self._history = ListHistory()

    def poll(self, intended: float) -> ListSnapshot:
        """Returns the list as it is now."""
        self._requests = 1
        snapshot = self._poll(intended)
        snapshot.requests = self._requests
        return snapshot

    def _poll(self, intended: float) -> ListSnapshot:
        sent = self._now()
        exchange = self._http.list(self._listing, {})
        if exchange.failure:
            failed = Answer(Outcome.UNKNOWN, exchange.failure, sent, self._now(), retry_after=exchange.retry_after)
            snapshot = ListSnapshot.without_list(intended, failed)
            snapshot.error = exchange.error
            return snapshot
        answer = answer_from_body(
            exchange.status, exchange.body, sent, self._now(), exchange.retry_after, reading=self._reading
        )
        if answer.outcome is not Outcome.OK:
            return ListSnapshot.without_list(intended, answer)
        try:
            listed = read_sessions(self._get_page, _list_answer(exchange), self._listing)
        except PartialListError:
            answer.outcome, answer.reason = Outcome.UNKNOWN, Reason.PARTIAL
        except _PageError as error:
            answer.outcome, answer.reason, answer.retry_after = Outcome.UNKNOWN, error.reason, error.retry_after
        except (ValueError, msgspec.DecodeError, RecursionError):
            answer.outcome, answer.reason, answer.code = Outcome.UNKNOWN, Reason.UNREADABLE, 0
        else:
            answer.answered = self._now()
            snapshot = self._history.compare(intended, answer, listed.sessions)
            snapshot.idle_timeouts = listed.idle_timeouts
            return snapshot
        return ListSnapshot.without_list(intended, answer)

    def _get_page(self, wanted: PageRequest) -> ListAnswer:
        if not self._may_send():
            raise _PageError(Reason.PARTIAL)
        self._requests += 1
        exchange = self._http.list(self._listing, wanted.query, wanted.link)
        if exchange.failure:
            raise _PageError(exchange.failure)
        answer = answer_from_body(exchange.status, exchange.body, 0.0, 0.0, exchange.retry_after, self._reading)
        if answer.outcome is not Outcome.OK:
            raise _PageError(answer.reason, answer.retry_after)
        return _list_answer(exchange)

    def _now(self) -> float:
        return time.monotonic() - self._settings.zero


def run(settings: PollSettings, key: str, ended: threading.Event) -> None:
    """Polls every `settings.every` seconds, on a fixed grid, until `ended` is set, and prints each snapshot."""
    observer = ListObserver(settings, key)
    intended = time.monotonic() - settings.zero
    while True:
        snapshot: Any = observer.poll(intended)
        sys.stdout.buffer.write(msgspec.json.encode(snapshot) + b"\n")
        sys.stdout.buffer.flush()
        now = time.monotonic() - settings.zero
        intended += settings.every * max(1, -(-(now - intended) // settings.every))
        if ended.wait(max(0.0, intended - now)):
            return


def main() -> None:
    """Reads the settings from standard input and polls until its end."""
    settings = msgspec.json.decode(sys.stdin.buffer.readline(), type=PollSettings)
    ended = threading.Event()

    def wait_for_the_end() -> None:
        sys.stdin.buffer.read()
        ended.set()

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    try:
        run(settings, api_key(ApiDescription.model_validate_json(settings.api)), ended)
    except (BrokenPipeError, KeyboardInterrupt):
        os._exit(0)


if __name__ == "__main__":
    main()
