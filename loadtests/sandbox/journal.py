"""Records the requests of the sandbox's clients as a run's event log, for the audit.

Ends of sessions are exact times, not intervals.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from loadtests.model.api.answer import Outcome, Reason
from loadtests.model.api.delivery import Delivery
from loadtests.model.api.operation import Operation
from loadtests.model.api.reply import Reply
from loadtests.model.api.rules import CloseCause, HostedSession, Terms
from loadtests.model.api.service import ApiRequest
from loadtests.model.api.translation import answer_from_reply
from loadtests.model.log.record import Observation, nanoseconds
from loadtests.model.log.rows import LONGEST_MESSAGE, list_row
from loadtests.recording.client_log import CLIENT, ClientLog, seconds_asked
from loadtests.recording.recorder import Recorder

_FLUSH_SECONDS = 1.0


class Journal:
    """The log of one sandbox, in the directory `folder`; `zero` is the run's 0 on the clock `now`."""

    def __init__(self, folder: Path, zero: float, terms: Terms, now: Callable[[], float]) -> None:
        self._recorder = Recorder(folder, [CLIENT])
        self._log = ClientLog(self._recorder)
        self._zero = zero
        self._terms = terms
        self._now = now
        self._flushed = now()

    def called(self, came: float, request: ApiRequest, reply: Reply) -> None:
        """Records a call received at `came` and answered with `reply` now."""
        operation, session_id = request.operation, _session_id(request, reply)
        number = self._log.number(operation, session_id)
        outcome, reason = _meaning(reply)
        at, took = nanoseconds(came - self._zero), nanoseconds(self._now() - came)
        value, detail = self._value(request, reply), _detail(operation, reply, reason)
        answered = (reply.status, reply.code) if reply.delivery is Delivery.ANSWERED else (0, 0)
        self._log.call(at, took, number, session_id, operation, answered, (outcome, reason), value, detail)
        if operation is Operation.NEW and request.disable_idle_timeout:
            self._log.note(at, Observation.DEPRECATED, number, 0.0, "disable_idle_timeout")

    def noted(self, came: float, kind: Observation, session_id: str, value: float, detail: str) -> None:
        """Records what a request showed beside its call; see `inspection`."""
        number = self._log.known(session_id)
        self._log.note(nanoseconds(came - self._zero), kind, number, value, detail[:LONGEST_MESSAGE])

    def happened(self, at: float, event: str, session: HostedSession) -> None:
        """Records that a session was opened, or closed by the API."""
        if event == "opened":
            self._log.opened(session.id)
        elif event == "closed":
            self._log.closed(session.id)
            if session.cause is not CloseCause.STOP:
                seconds = at - self._zero
                number = self._log.known(session.id)
                self._log.note(nanoseconds(seconds), Observation.VANISHED, number, seconds, None)

    def beat(self) -> None:
        """Writes the rows of the last second."""
        if self._now() >= self._flushed + _FLUSH_SECONDS:
            self._flushed = self._now()
            self._recorder.flush()

    def close(self) -> None:
        """Writes the number of open sessions, and the end of the log."""
        now = self._now() - self._zero
        self._recorder.append(list_row(now, now, now, Outcome.OK, "", self._log.open_sessions, 200, 100))
        self._recorder.close()

    def _value(self, request: ApiRequest, reply: Reply) -> float:
        if request.operation is Operation.NEW:
            return seconds_asked(request.idle_timeout, self._terms.idle_default)
        if request.operation is Operation.TASK and isinstance(reply.data, dict):
            return float(reply.data.get("duration_ms", 0)) / 1000
        return float(len(reply.data)) if request.operation is Operation.LIST and reply.data is not None else 0.0


def _session_id(request: ApiRequest, reply: Reply) -> str:
    data = reply.data if isinstance(reply.data, dict) else {}
    return str(data.get("session_id", request.session_id))


def _meaning(reply: Reply) -> tuple[Outcome, Reason]:
    # A call that had its effect is recorded as such, even if the client never reads the reply.
    if reply.is_success:
        return Outcome.OK, Reason.NONE
    answer = answer_from_reply(reply, 0.0, 0.0, math.inf)
    return answer.outcome, answer.reason


def _detail(operation: Operation, reply: Reply, reason: Reason) -> str | None:
    if reason is not Reason.NONE:
        return reply.message[:LONGEST_MESSAGE] or None
    return _session_id(ApiRequest(operation), reply) if operation is Operation.NEW else None
