"""Defects in how the account's slots are counted and freed."""

from __future__ import annotations

from dataclasses import replace

from loadtests.defects.defect import Defect, Value, sample, seconds, share
from loadtests.model.api.rules import Reply, Rules, Terms
from loadtests.model.api.service import ApiRequest, Service
from loadtests.model.api.surface import Operation
from loadtests.model.people.draw import Draw
from loadtests.model.text.input_error import InputError


def _limit_short(terms: Terms, value: float, draw: Draw) -> Terms:
    if terms.limit is None:
        raise InputError.of("--defect", "limit-short needs an account with a limit: give one, for example --limit 20")
    if value >= terms.limit:
        raise InputError.of("--defect", f"limit-short={value:g} leaves nothing of a limit of {terms.limit}")
    return replace(terms, limit=terms.limit - int(value))


LIMIT_SHORT = Defect(
    "limit-short",
    "fewer sessions are accepted than the limit says",
    Value("a whole number, 1 or more: how many fewer", is_whole=True),
    _limit_short,
)
"""The plan says 20, and 18 are accepted."""


def _slot_lag(terms: Terms, value: float, draw: Draw) -> Terms:
    return replace(terms, choices=replace(terms.choices, slot_lag=value))


SLOT_LAG = Defect(
    "slot-lag",
    "a stopped session holds its slot, and is listed, for so long",
    seconds("from stop's answer"),
    _slot_lag,
)
"""new fails right after a stop that succeeded: the slot is not free yet."""


def _ghost_on_stop(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    is_chosen = sample(draw, value)
    ghosts: set[str] = set()

    def answer(now: float, ask: ApiRequest) -> Reply:
        session_id = ask.session_id
        if ask.operation is Operation.STOP and rules.is_open(now, session_id) and is_chosen(session_id):
            ghosts.add(session_id)
            rules.open[session_id].hold()
        if session_id in ghosts:
            return Reply(404, 400004, f"Session does not exist. SessionID: {session_id}")
        return service(now, ask)

    return answer


GHOST_ON_STOP = Defect(
    "ghost-on-stop",
    "stop does not find a session that the list shows, and that is never closed from then on",
    share("of the sessions that are stopped", default=1.0),
    around=_ghost_on_stop,
)
"""A session that the list shows and stop cannot find: it blocks the limit until somebody closes it by hand."""
