"""A client for single calls on an account: list the open sessions, stop one."""

from __future__ import annotations

import time
from collections.abc import Callable

from loadtests.http.client import HttpClient
from loadtests.http.codec import Codec
from loadtests.http.route import Route
from loadtests.model.api.answer import Answer, Outcome, Reason
from loadtests.model.api.description.description import ApiDescription
from loadtests.model.api.operation import Operation
from loadtests.model.session.session import Session
from loadtests.model.session.steps import Call
from loadtests.observing.list_observer import session_list_of
from loadtests.observing.session_list import SessionList

_TIMEOUT_SECONDS = 10.0
_TRIES = 6
_LONGEST_PAUSE_SECONDS = 60.0
_RETRIED = frozenset({Reason.RATE, Reason.SESSION_FULL})


class AccountClient:
    """The account of `key` at the end of `route`. Sends at most `rate` stops a second."""

    def __init__(
        self, route: Route, api: ApiDescription, key: str, rate: float, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._api = api
        self._key = key
        self._pause = 1 / rate
        self._sleep = sleep
        self._http = HttpClient(route, api, key, _TIMEOUT_SECONDS)
        self._codec = Codec(route, api, key, {})
        self._may_repeat = Operation.STOP in api.repeatable

    @property
    def has_list(self) -> bool:
        """Whether the API has a list call."""
        return self._api.list is not None

    def listed(self) -> dict[str, float]:
        """Returns the ids of the open sessions, with created_at (unix seconds; 0: unknown).

        Raises UnreachableError, or ValueError with the reason.
        """
        return self.session_list().sessions

    def session_list(self) -> SessionList:
        """Returns the open sessions. Raises as `listed` does."""
        return session_list_of(self._http, self._api, self._key)

    def stop(self, session_id: str, kept: dict[str, str] | None = None) -> Answer:
        """Closes a session; `kept`: values of its earlier answers.

        Retries with backoff if the API is rate-limiting, or the outcome is unknown and a stop may be sent twice.
        """
        backoff = 0.5
        answer = self._stop_once(session_id, kept)
        for _ in range(_TRIES - 1):
            if answer.outcome is Outcome.OK or (answer.outcome is Outcome.FAIL and answer.reason not in _RETRIED):
                break
            if answer.outcome is Outcome.UNKNOWN and not self._may_repeat:
                break
            self._sleep(min(max(backoff, answer.retry_after), _LONGEST_PAUSE_SECONDS))
            backoff *= 2
            answer = self._stop_once(session_id, kept)
        self._sleep(self._pause)
        return answer

    def _stop_once(self, session_id: str, kept: dict[str, str] | None) -> Answer:
        call = Call(Session.from_ledger(0, session_id, kept), Operation.STOP, 0.0)
        return self._codec.decode(Operation.STOP, self._http.send(self._codec.encode(call), self._may_repeat))
