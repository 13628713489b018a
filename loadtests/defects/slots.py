"""Defects in counting and freeing the account's slots."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from loadtests.defects.defect import Defect, Value, sample, seconds, share
from loadtests.model.api.operation import Operation
from loadtests.model.api.reply import Reply
from loadtests.model.api.rules import Rules, Terms
from loadtests.model.api.service import ApiRequest, Service
from loadtests.model.people.draw import Draw
from loadtests.model.text.input_error import InputError


def _limit_short(terms: Terms, value: float, draw: Draw) -> Terms:
    if terms.limit is None:
        raise InputError.of("--defect", "limit-short requires an account with a limit, for example --limit 20")
    if value >= terms.limit:
        raise InputError.of("--defect", f"limit-short={value:g} must be less than the limit of {terms.limit}")
    return replace(terms, limit=terms.limit - int(value))


LIMIT_SHORT = Defect(
    "limit-short",
    "fewer sessions are accepted than the account's limit",
    Value("a whole number, 1 or more: how many fewer", is_whole=True),
    _limit_short,
)
"""For example, 18 sessions are accepted under a limit of 20."""


def _lagging(**choices: Any) -> Callable[[Terms, float, Draw], Terms]:
    """Returns what gives slots back late, with further `choices` of the API."""

    def changed(terms: Terms, value: float, draw: Draw) -> Terms:
        return replace(terms, choices=replace(terms.choices, slot_lag=value, **choices))

    return changed


SLOT_LAG = Defect(
    "slot-lag",
    "a stopped session holds its slot and is listed for this long",
    seconds("from the answer to stop"),
    _lagging(),
)
"""new is refused right after a successful stop: the slot is not free yet."""


HIDDEN_SLOT_LAG = Defect(
    "hidden-slot-lag",
    "a stopped session holds its slot for this long and is no longer listed",
    seconds("from the answer to stop"),
    _lagging(lists_lagging=False),
)
"""As `slot-lag`, but the list does not show it."""


END_LAG = Defect(
    "end-lag",
    "a session holds its slot for this long after any end and is no longer listed",
    seconds("from the session's end"),
    _lagging(lists_lagging=False, lags_after="any end"),
)
"""Slots are freed by a job that runs now and then."""

LIMIT_PERIOD_SECONDS = 600.0
"""How long `limit-drops` leaves the limit as it is, and then lowers it."""


def _check_limit_drops(terms: Terms, value: float, draw: Draw) -> Terms:
    if terms.limit is None or value >= terms.limit:
        raise InputError.of("--defect", f"limit-drops={value:g} requires an account with a higher limit (--limit)")
    return terms


def _limit_drops(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    limit = rules.terms.limit
    assert limit is not None

    def answer(now: float, request: ApiRequest) -> Reply:
        is_lower = int(now / LIMIT_PERIOD_SECONDS) % 2 == 1
        rules.terms = replace(rules.terms, limit=limit - int(value) if is_lower else limit)
        return service(now, request)

    return answer


LIMIT_DROPS = Defect(
    "limit-drops",
    "the limit is lower during every second period of ten minutes",
    Value("a whole number, 1 or more: by how many sessions", is_whole=True),
    _check_limit_drops,
    _limit_drops,
)
"""The limit depends on the load of the service, or on other accounts."""


def _ghost_on_stop(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    is_chosen = sample(draw, value)
    ghosts: set[str] = set()

    def answer(now: float, request: ApiRequest) -> Reply:
        session_id = request.session_id
        if request.operation is Operation.STOP and rules.is_open(now, session_id) and is_chosen(session_id):
            ghosts.add(session_id)
            rules.open[session_id].hold()
        if session_id in ghosts:
            return Reply(404, 400004, f"Session does not exist. SessionID: {session_id}")
        return service(now, request)

    return answer


GHOST_ON_STOP = Defect(
    "ghost-on-stop",
    "stop does not find a listed session, which is then never closed",
    share("of the sessions that are stopped", default=1.0),
    around=_ghost_on_stop,
)
"""A session is listed but stop does not find it: it holds its slot until it is closed by hand."""
