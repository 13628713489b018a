"""Makes rows of the event record out of calls, notes and observations, for every driver alike."""

from __future__ import annotations

from loadtests.model.api.answer import Answer, Outcome, Reason
from loadtests.model.api.operation import Operation
from loadtests.model.log.record import NANOSECONDS, Row, nanoseconds
from loadtests.model.session.session import Holder, Session
from loadtests.model.session.steps import Call

LONGEST_MESSAGE = 200
"""Characters of the API's message that a row keeps."""
_NEW, _TASK, _STOP, _OK = Operation.NEW, Operation.TASK, Operation.STOP, Outcome.OK
# Bound here for speed: see loadtests.engine.
_NANOSECONDS = float(NANOSECONDS)
"""To multiply by an integer takes a quarter longer."""
_new = tuple.__new__
"""Makes a Row at half the cost of `Row(...)`."""


def call_row(call: Call, answer: Answer, waited: float) -> Row:
    """The row of an operation, made after the session has taken its answer in. `waited`: seconds for a connection."""
    session, operation = call.session, call.operation
    sent = int(answer.sent * _NANOSECONDS)
    detail = answer.message[:LONGEST_MESSAGE] if answer.message else None
    value = 0.0
    if operation is _TASK:
        value = answer.value
    elif operation is _NEW:
        value = session.idle_timeout
        if answer.outcome is _OK:
            detail = session.id
    elif operation is _STOP:
        value = float(call.closing)
    # Members of the string enums go in as they are: taking their values would double the cost of the row.
    return _new(
        Row,
        (
            sent,
            0,
            session.number,
            session.profile,
            operation,
            sent if call.intended == answer.sent else int(call.intended * _NANOSECONDS),
            int(waited * _NANOSECONDS) if waited else 0,
            int(answer.answered * _NANOSECONDS) - sent,
            answer.status,
            answer.code,
            answer.outcome,
            answer.reason,
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
    return _new(Row, (at, 0, number, profile, kind, at, 0, 0, 0, 0, Outcome.NONE, Reason.NONE, holder, value, detail))


def list_row(
    intended: float, sent: float, answered: float, outcome: str, reason: str, count: int, status: int = 0, code: int = 0
) -> Row:
    """The row of one poll of the API's list; `count`: sessions listed."""
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
        reason,
        Holder.NONE,
        float(count),
        None,
    )
