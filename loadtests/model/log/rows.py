"""How steps and what came of them become rows of the event record: the same for every driver."""

from __future__ import annotations

from loadtests.model.api.answer import Answer, Outcome
from loadtests.model.api.surface import Operation
from loadtests.model.log.record import NANOSECONDS, Row, nanoseconds
from loadtests.model.session.session import Holder, Session
from loadtests.model.session.steps import Call

_LONGEST_MESSAGE = 200
_NEW, _TASK, _STOP = Operation.NEW, Operation.TASK, Operation.STOP
"""By names of their own: Python 3.11 takes ten times as long to find a member of an enum as a name of the module."""
_new = tuple.__new__
"""Makes a Row of its values: half of what `Row(...)` costs, and as many rows are made as there are events."""


def call_row(call: Call, answer: Answer, waited: float) -> Row:
    """The row of an operation, once its answer has been told to the session. `waited`: seconds for a connection."""
    session, operation = call.session, call.operation
    sent = int(answer.sent * NANOSECONDS)
    detail: str | None = answer.reason or None
    value = 0.0
    if operation is _TASK:
        value = answer.value
    elif operation is _NEW:
        value, detail = session.idle_timeout, _opening(call, answer)
    elif operation is _STOP:
        value = float(call.closing)
    # Members of the string enums go in as they are: taking their values apart costs as much as the rest of the row.
    return _new(
        Row,
        (
            sent,
            0,
            session.number,
            session.profile,
            operation,
            sent if call.intended == answer.sent else int(call.intended * NANOSECONDS),
            int(waited * NANOSECONDS) if waited else 0,
            int(answer.answered * NANOSECONDS) - sent,
            answer.status,
            answer.code,
            answer.outcome,
            session.holder,
            value,
            detail,
        ),
    )


def note_row(t: float, kind: str, session: Session | None, value: float, detail: str | None) -> Row:
    """The row of a note or an observation."""
    at = nanoseconds(t)
    number, profile, holder = 0, "", Holder.NONE
    if session is not None:
        number, profile, holder = session.number, session.profile, session.holder
    return _new(Row, (at, 0, number, profile, kind, at, 0, 0, 0, 0, Outcome.NONE, holder, value, detail))


def list_row(
    intended: float, sent: float, answered: float, outcome: str, reason: str, count: int, status: int = 0, code: int = 0
) -> Row:
    """The row of a look at the API's list."""
    at = nanoseconds(sent)
    return Row(
        at,
        0,
        0,
        "",
        Operation.LIST,
        nanoseconds(intended),
        0,
        nanoseconds(answered) - at,
        status,
        code,
        outcome,
        Holder.NONE,
        float(count),
        reason or None,
    )


def _opening(call: Call, answer: Answer) -> str:
    if answer.outcome is Outcome.OK:
        return call.session.id
    return f"{answer.reason.value}: {answer.message[:_LONGEST_MESSAGE]}" if answer.message else answer.reason.value
