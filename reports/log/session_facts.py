"""Aggregates the rows of each session: first, last, smallest, largest, and count.

One pass over the log computes all facts. The same aggregation in SQL, with a filter for each fact, takes four times as long.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from loadtests.model.api.answer import Outcome
from loadtests.model.api.operation import Operation
from loadtests.model.log.record import Observation
from loadtests.model.session.steps import Closing, NoteKind
from reports.log.rows import Floats, Rows


class FactRule(Enum):
    """How a fact is aggregated from a session's rows, in the order of time."""

    FIRST = "first"
    LAST = "last"
    LEAST = "least"
    MOST = "most"
    COUNT = "count"


class Fact(NamedTuple):
    """The `column` (sent, answered: seconds of the run) of rows with one of `kinds` and `outcomes`, aggregated by `rule`."""

    name: str
    rule: FactRule
    column: str
    kinds: Collection[str]
    outcomes: Collection[str]
    value: float | None = None
    """Only rows with this value count; None: all."""


_CALLED = (Outcome.OK, Outcome.UNKNOWN)
_NEW, _STOP = (Operation.NEW,), (Operation.STOP,)
_OK, _UNKNOWN, _ANY = (Outcome.OK,), (Outcome.UNKNOWN,), tuple(Outcome)

_FACTS = (
    Fact("turns", FactRule.COUNT, "sent", (Operation.TASK,), _OK),
    Fact("keep_alives", FactRule.COUNT, "sent", (Operation.KEEP_ALIVE,), _ANY),
    Fact("attempts", FactRule.COUNT, "sent", _NEW, _ANY),
    Fact("asked", FactRule.FIRST, "sent", _NEW, _ANY),
    Fact("opening", FactRule.FIRST, "sent", _NEW, _OK),
    Fact("opened", FactRule.LEAST, "answered", _NEW, _OK),
    Fact("idle_timeout", FactRule.FIRST, "value", _NEW, _ANY),
    Fact("cap", FactRule.FIRST, "value", (Observation.CAP,), _ANY),
    Fact("planned", FactRule.FIRST, "value", (NoteKind.ARRIVE,), _ANY),
    Fact("left_at", FactRule.FIRST, "sent", (NoteKind.LEAVE,), _ANY),
    Fact("own_stop", FactRule.FIRST, "sent", _STOP, _ANY, Closing.PERSON),
    Fact("stop_sent", FactRule.FIRST, "sent", _STOP, _OK),
    Fact("stop_answered", FactRule.LEAST, "answered", _STOP, _OK),
    Fact("closing", FactRule.FIRST, "value", _STOP, _OK),
    Fact("unsure_stop", FactRule.FIRST, "sent", _STOP, _UNKNOWN),
    Fact("unsure_closing", FactRule.FIRST, "value", _STOP, _UNKNOWN),
    Fact("listed", FactRule.FIRST, "sent", (Observation.SEEN,), _ANY),
    Fact("listed_by", FactRule.FIRST, "value", (Observation.SEEN,), _ANY),
    Fact("first_vanished", FactRule.FIRST, "sent", (Observation.VANISHED,), _ANY),
    Fact("last_seen", FactRule.LAST, "sent", (Observation.SEEN,), _ANY),
    Fact("last_vanished", FactRule.LAST, "sent", (Observation.VANISHED,), _ANY),
    Fact("last_listed", FactRule.LAST, "value", (Observation.VANISHED,), _ANY),
)


def facts_of(activity: frozenset[Operation]) -> tuple[Fact, ...]:
    """Returns the facts of a session, with those of its use. `activity`: the calls that reset its idle timer."""
    used = (Operation.NEW, *activity)
    spoken = tuple(operation for operation in used if operation is not Operation.KEEP_ALIVE)
    return (
        Fact("alive", FactRule.LAST, "sent", used, _OK),
        Fact("reached", FactRule.MOST, "answered", used, _CALLED),
        Fact("spoke_low", FactRule.LAST, "sent", spoken, _OK),
        Fact("spoke_high", FactRule.MOST, "answered", spoken, _CALLED),
        *_FACTS,
    )


class SessionFacts:
    """The facts of each session, from the rows added so far. NaN where there was no such row.

    `activity`: the calls that reset the idle timer.
    """

    def __init__(self, sessions: int, activity: frozenset[Operation]) -> None:
        self._activity, self._facts = activity, facts_of(activity)
        self._of = {
            fact.name: np.full(sessions, 0.0 if fact.rule is FactRule.COUNT else np.nan) for fact in self._facts
        }

    def __getitem__(self, name: str) -> Floats:
        return self._of[name]

    def add(self, rows: Rows) -> None:
        """Adds rows, which must be later than all rows added before."""
        # Nine of ten rows are activity, which few facts use.
        others = rows.where(~rows.are(self._activity, _ANY))
        for fact in self._facts:
            self._enter(fact, others if self._activity.isdisjoint(fact.kinds) else rows)

    def table(self) -> pa.Table:
        """Returns a column for each fact, null where there was no such row."""
        return pa.table({fact.name: _column(fact, self._of[fact.name]) for fact in self._facts})

    def _enter(self, fact: Fact, rows: Rows) -> None:
        at = np.flatnonzero(rows.are(fact.kinds, fact.outcomes))
        if fact.value is not None:
            at = at[rows.value[at] == fact.value]
        values: Floats = getattr(rows, fact.column)
        if fact.column == "value":
            at = at[~np.isnan(values[at])]
        enter(self._of[fact.name], fact.rule, rows.place[at], values[at])


def _column(fact: Fact, values: Floats) -> pa.Array:
    return pa.array(values.astype(np.int64)) if fact.rule is FactRule.COUNT else pa.array(values, from_pandas=True)


def enter(state: Floats, rule: FactRule, place: npt.NDArray[np.intp], values: Floats) -> None:
    """Updates `state` with later values. `place` ascends; the values of one place are in the order of time."""
    begin = np.flatnonzero(np.diff(place, prepend=-1))
    here = place[begin]
    match rule:
        case FactRule.FIRST:
            state[here] = np.where(np.isnan(state[here]), values[begin], state[here])
        case FactRule.LAST:
            state[here] = values[np.append(begin[1:], len(values))[: len(begin)] - 1]
        case FactRule.LEAST:
            state[here] = np.fmin(state[here], np.minimum.reduceat(values, begin))
        case FactRule.MOST:
            state[here] = np.fmax(state[here], np.maximum.reduceat(values, begin))
        case FactRule.COUNT:
            state[here] += np.diff(begin, append=len(values))
