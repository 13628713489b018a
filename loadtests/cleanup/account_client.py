"""A client for single calls on an account: list the open sessions, stop one. Uses plain `requests`."""

from __future__ import annotations

import time
from collections.abc import Callable

import requests

from loadtests.http.origin import Origin
from loadtests.model.api.answer import Answer, Outcome, Reason
from loadtests.model.api.surface import Operation, Surface
from loadtests.model.api.translation import answer_from_body
from loadtests.observing.list_observer import failure_reason, listed_sessions, make_client

_TIMEOUT_SECONDS = 10.0
_TRIES = 6
_LONGEST_PAUSE_SECONDS = 60.0
_RETRIED = frozenset({Reason.RATE, Reason.SESSION_FULL})


class AccountClient:
    """The account of `key` at `origin`. Sends at most `rate` stops a second."""

    def __init__(
        self, origin: Origin, surface: Surface, key: str, rate: float, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._origin = origin
        self._surface = surface
        self._key = key
        self._pause = 1 / rate
        self._sleep = sleep
        self._http = make_client(key)

    @property
    def has_list(self) -> bool:
        """Whether the API has a list call."""
        return bool(self._surface.path(Operation.LIST))

    def listed(self) -> dict[str, float]:
        """Returns the ids of the open sessions, with created_at (unix seconds; 0: unknown).

        Raises requests.RequestException, OSError, or ValueError with the reason.
        """
        url = f"{self._origin.url}{self._surface.path(Operation.LIST)}"
        return listed_sessions(url, self._key, _TIMEOUT_SECONDS, self._surface.session_id)

    def stop(self, session_id: str) -> Answer:
        """Closes a session. Retries with backoff if the API is rate-limiting or the outcome is unknown."""
        backoff = 0.5
        answer = self._stop_once(session_id)
        for _ in range(_TRIES - 1):
            if answer.outcome is Outcome.OK or (answer.outcome is Outcome.FAIL and answer.reason not in _RETRIED):
                break
            self._sleep(min(max(backoff, answer.retry_after), _LONGEST_PAUSE_SECONDS))
            backoff *= 2
            answer = self._stop_once(session_id)
        self._sleep(self._pause)
        return answer

    def _stop_once(self, session_id: str) -> Answer:
        url = f"{self._origin.url}{self._surface.path(Operation.STOP)}"
        try:
            response = self._http.post(
                url, json={self._surface.session_id: session_id}, timeout=_TIMEOUT_SECONDS, allow_redirects=False
            )
        except (requests.RequestException, OSError) as error:
            return Answer(Outcome.UNKNOWN, failure_reason(error))
        header = response.headers.get("Retry-After", "")
        retry_after = float(header) if header.isdecimal() else 0.0
        return answer_from_body(response.status_code, response.content, 0.0, 0.0, retry_after)
