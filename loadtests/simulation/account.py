"""The account at the API in virtual time: the rules that the sandbox serves, called directly."""

from __future__ import annotations

import random
from collections.abc import Sequence

from loadtests.defects.account import open_account
from loadtests.defects.defect import Injected
from loadtests.model.api.answer import Answer, Outcome, Reason
from loadtests.model.api.description.default import default_api
from loadtests.model.api.description.description import ApiDescription
from loadtests.model.api.operation import Operation
from loadtests.model.api.reply import DONE, PartialList, Reply
from loadtests.model.api.rules import HostedSession, Terms, milliseconds
from loadtests.model.api.service import ApiRequest
from loadtests.model.api.translation import answer_from_reply
from loadtests.model.api.wording import in_words_of
from loadtests.model.session.steps import Call
from loadtests.observing.list_snapshot import ListHistory, ListSnapshot

_NEW, _TASK, _KEEP_ALIVE = Operation.NEW, Operation.TASK, Operation.KEEP_ALIVE
_OK, _NO_REASON = Outcome.OK, Reason.NONE
# Bound here for speed: see loadtests.engine.


class SimulatedAccount:
    """Answers calls and takes snapshots of the list. `timeout`: how long a client waits for a reply, in seconds.

    Raises InputError where a defect does not fit the account.
    """

    def __init__(
        self, terms: Terms, defects: Sequence[Injected], seed: int, timeout: float, api: ApiDescription | None = None
    ) -> None:
        self._api = api or default_api()
        # Python's generator is ten times as fast as Draw, and ids need no stream for each person.
        ids = random.Random(f"{seed} ids")
        self._rules, self._service = open_account(terms, lambda: _uuid(ids), self._record_change, defects, seed)
        self._timeout = timeout
        self._has_defects = bool(defects)
        self._is_touched = frozenset({_TASK, _KEEP_ALIVE}) & terms.activity if not defects else frozenset()
        """Calls of which nearly all reset the idle timer, and do nothing else."""
        self._history = ListHistory()
        self._last_polled = 0.0
        self._appeared: dict[str, float] = {}
        self._vanished: list[str] = []

    def answer(self, call: Call, now: float, answered: float) -> Answer:
        """Returns the Answer to a call sent at `now` whose reply arrives at `answered`, unless a defect delays it."""
        session, operation = call.session, call.operation
        if operation in self._is_touched:
            # Nearly all calls: their request and reply are not built unless the API refuses.
            reply = self._rules.touch(now, session.id)
            if reply is DONE and answered - now <= self._timeout:
                spoken = milliseconds(call.words) / 1000 if operation is _TASK else 0.0
                return Answer(_OK, _NO_REASON, now, answered, 200, 100, "", "", spoken)
        else:
            idle_timeout = session.idle_timeout if operation is _NEW else None
            reply = self._service(now, ApiRequest(operation, session.id, idle_timeout, words=call.words))
        if reply.is_success:
            return answer_from_reply(reply, now, answered + reply.delay, self._timeout)
        return self._refusal(reply, now, answered + reply.delay)

    def _refusal(self, reply: Reply, now: float, answered: float) -> Answer:
        """Returns the Answer to a refusal, in the API's own words."""
        answer = answer_from_reply(reply, now, answered, self._timeout)
        if answer.outcome is Outcome.FAIL and not self._api.is_default:
            said = in_words_of(self._api, reply)
            answer.status, answer.code, answer.message = said.status, said.code, said.message
        return answer

    def list_snapshot(self, now: float) -> ListSnapshot:
        """Returns the list polled at `now`, compared with the poll before."""
        if self._has_defects:
            return self._poll(now)
        # Without defects the list is complete and immediate, so its changes are those that the rules report.
        self._rules.advance(now)
        since, self._last_polled = self._last_polled, now
        appeared, vanished = list(self._appeared.items()), self._vanished
        self._appeared, self._vanished = {}, []
        return ListSnapshot(now, now, now, _OK, "", 200, 100, len(self._rules.open), since, appeared, vanished)

    def _poll(self, now: float) -> ListSnapshot:
        reply = self._service(now, ApiRequest(Operation.LIST))
        answer = answer_from_reply(reply, now, now + reply.delay, self._timeout)
        if answer.outcome is _OK and isinstance(reply.data, PartialList):
            answer.outcome, answer.reason = Outcome.UNKNOWN, Reason.PARTIAL
        if answer.outcome is not _OK:
            return ListSnapshot.without_list(now, answer)
        return self._history.compare(now, answer, {session.id: _created_at(session) for session in reply.data})

    def _record_change(self, at: float, event: str, session: HostedSession) -> None:
        if self._has_defects:
            return
        if event == "opened":
            self._appeared[session.id] = _created_at(session)
        elif self._appeared.pop(session.id, None) is None:
            self._vanished.append(session.id)


def _created_at(session: HostedSession) -> float:
    # The API reports whole seconds.
    return float(int(session.created))


def _uuid(source: random.Random) -> str:
    digits = f"{source.getrandbits(128):032x}"
    # Version 4: random.
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
