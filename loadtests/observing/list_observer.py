"""Polls the API's list in a process of its own, so that reading a long list never delays the engine.

`python -m loadtests.observing.list_observer` reads one line of JSON (`PollSettings`) from standard input. It then writes one
line of JSON (`ListSnapshot`) to standard output for each poll, until standard input ends. The API key comes from the environment.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import Any

import msgspec
import requests

from loadtests.http.failure import connect_failure
from loadtests.http.key import api_key, redacted
from loadtests.model.api.answer import Answer, Outcome, Reason
from loadtests.model.api.translation import answer_from_body
from loadtests.observing.list_snapshot import ListHistory, ListSnapshot
from loadtests.observing.session_list import PartialListError, read_list

LARGEST_LIST = 64 << 20
"""Bytes; a larger list is not read, and what it would have shown is unobserved."""


class PollSettings(msgspec.Struct):
    """What to poll, and how often."""

    url: str
    every: float
    timeout: float
    zero: float
    """The run's start on time.monotonic, which all processes of a machine share."""
    id_field: str = "session_id"
    """The API's name for a session's id."""


class ListRefusedError(ValueError):
    """The API refused the list call. `reason`: why, by status and code."""

    def __init__(self, message: str, reason: Reason) -> None:
        super().__init__(message)
        self.reason = reason


class ListTooLargeError(OSError):
    """The list exceeds `LARGEST_LIST`."""


def listed_sessions(url: str, key: str, timeout: float, id_field: str = "session_id") -> dict[str, float]:
    """Returns the listed ids with created_at. Raises requests.RequestException, OSError, or ValueError with the reason."""
    client = make_client(key)
    status, body = _get(client, url, timeout)
    answer = answer_from_body(status, body, 0.0, 0.0)
    if answer.outcome is not Outcome.OK:
        raise ListRefusedError(f"HTTP {status}: {redacted(answer.message, key) or answer.reason}", answer.reason)
    return read_list(lambda query: _get(client, url, timeout, query)[1], body, id_field)


def make_client(key: str) -> requests.Session:
    """Returns a client that sends `key` and ignores the environment's proxies."""
    client = requests.Session()
    client.trust_env = False
    client.headers.update({"Authorization": f"Bearer {key}", "User-Agent": "streamsoak"})
    return client


def failure_reason(error: Exception) -> Reason:
    """Returns the reason where `requests` got no response."""
    if isinstance(error, ListTooLargeError):
        return Reason.TOO_LARGE
    return Reason.TIMEOUT if isinstance(error, requests.Timeout) else connect_failure(error)[0]


def _get(
    client: requests.Session, url: str, timeout: float, query: dict[str, str | int] | None = None
) -> tuple[int, bytes]:
    with client.get(url, params=query, timeout=timeout, stream=True, allow_redirects=False) as response:
        body = bytearray()
        end = time.monotonic() + timeout
        for chunk in response.iter_content(1 << 16):
            body += chunk
            if time.monotonic() > end:
                raise requests.Timeout("the list does not end")
            if len(body) > LARGEST_LIST:
                raise ListTooLargeError(f"the list is larger than {LARGEST_LIST >> 20} MiB")
        return response.status_code, bytes(body)


class ListObserver:
    """Polls the list, and reports what changed since the poll before."""

    def __init__(self, settings: PollSettings, key: str) -> None:
        self._settings = settings
        self._http = make_client(key)
        self._history = ListHistory()

    def poll(self, intended: float) -> ListSnapshot:
        """Returns the list as it is now."""
        sent = self._now()
        try:
            status, body = _get(self._http, self._settings.url, self._settings.timeout)
        except (requests.RequestException, OSError) as error:
            return ListSnapshot.without_list(
                intended, Answer(Outcome.UNKNOWN, failure_reason(error), sent, self._now())
            )
        answer = answer_from_body(status, body, sent, self._now())
        if answer.outcome is not Outcome.OK:
            return ListSnapshot.without_list(intended, answer)
        try:
            listed = read_list(self._get_page, body, self._settings.id_field)
        except PartialListError:
            answer.outcome, answer.reason = Outcome.UNKNOWN, Reason.PARTIAL
        except (requests.RequestException, OSError) as error:
            answer.outcome, answer.reason = Outcome.UNKNOWN, failure_reason(error)
        except (ValueError, msgspec.DecodeError, RecursionError):
            answer.outcome, answer.reason, answer.code = Outcome.UNKNOWN, Reason.UNREADABLE, 0
        else:
            answer.answered = self._now()
            return self._history.compare(intended, answer, listed)
        return ListSnapshot.without_list(intended, answer)

    def _get_page(self, query: dict[str, str | int]) -> bytes:
        return _get(self._http, self._settings.url, self._settings.timeout, query)[1]

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
        run(settings, api_key(), ended)
    except (BrokenPipeError, KeyboardInterrupt):
        os._exit(0)


if __name__ == "__main__":
    main()
