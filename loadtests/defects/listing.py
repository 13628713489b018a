"""Defects in what the list shows, in the ids of sessions, and in their times."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

from msgspec.structs import replace

from loadtests.defects.defect import Defect, Value, sample, seconds, share
from loadtests.model.api.operation import Operation
from loadtests.model.api.reply import PartialList, Reply
from loadtests.model.api.rules import HostedSession, Rules
from loadtests.model.api.service import ApiRequest, Service
from loadtests.model.people.draw import Draw

_Rows = tuple[HostedSession, ...]

_STOPPED = Reply(data={"status": "success"})


def _ended_since(rules: Rules, since: float) -> Iterator[HostedSession]:
    """Yields the sessions that ended after `since`, the last one first."""
    for session in reversed(rules.closed.values()):
        if session.ended <= since:
            return
        yield session


def _changing_list(service: Service, change: Callable[[float, _Rows], _Rows]) -> Service:
    """Returns `service` with each list replaced by `change` of the time and the list."""

    def answer(now: float, request: ApiRequest) -> Reply:
        reply = service(now, request)
        if request.operation is not Operation.LIST or not reply.is_success:
            return reply
        return replace(reply, data=change(now, reply.data))

    return answer


def _list_lag(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    def earlier(now: float, rows: _Rows) -> _Rows:
        then = now - value
        ended = (session for session in _ended_since(rules, then) if session.created <= then)
        return (*(session for session in rules.open.values() if session.created <= then), *ended)

    return _changing_list(service, earlier)


LIST_LAG = Defect(
    "list-lag", "the list shows the account as it was some time ago", seconds("how long ago"), around=_list_lag
)
"""The list is a cache, or is written asynchronously."""


def _list_ended(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    return _changing_list(service, lambda now, rows: (*rows, *_ended_since(rules, now - value)))


LIST_ENDED = Defect(
    "list-ended",
    "the list shows a session for some time after its end, although its slot is free",
    seconds("how long"),
    around=_list_ended,
)
"""The list counts ended sessions."""


def _list_omits(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    return _changing_list(service, lambda now, rows: tuple(session for session in rows if not draw.chance(value)))


LIST_OMITS = Defect(
    "list-omits",
    "the list leaves sessions out, others each time",
    share("of the rows of each list"),
    around=_list_omits,
)
"""A list that was read from replicas, or whose pages shift while they are read."""


def _list_empty(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    return _changing_list(service, lambda now, rows: () if draw.chance(value) else rows)


LIST_EMPTY = Defect("list-empty", "the list is empty now and then", share("of the lists"), around=_list_empty)
"""A list behind a cache that was just emptied."""


def _list_partial(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    def newest(now: float, rows: _Rows) -> _Rows:
        if len(rows) <= value:
            return rows
        return PartialList.of(sorted(rows, key=lambda session: -session.created)[: int(value)], len(rows))

    return _changing_list(service, newest)


LIST_PARTIAL = Defect(
    "list-partial",
    "the list shows the newest sessions only, says how many there are, and has no further page",
    Value("a whole number, 1 or more: how many it shows", is_whole=True),
    around=_list_partial,
)
"""A list with a page size, whose further pages cannot be asked for."""


def _clock_ahead(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    def later(now: float, rows: _Rows) -> _Rows:
        shown = tuple(_created_later(session, value) for session in rows)
        return PartialList.of(shown, rows.total) if isinstance(rows, PartialList) else shown

    return _changing_list(service, later)


def _created_later(session: HostedSession, by: float) -> HostedSession:
    shown = copy.copy(session)
    shown.created += by
    return shown


CLOCK_AHEAD = Defect(
    "clock-ahead", "the API's clock, by which it dates sessions, is ahead", seconds("by how much"), around=_clock_ahead
)
"""`created_at` lies in the future of the client's clock."""


def _repeated_id(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    last = ""

    def answer(now: float, request: ApiRequest) -> Reply:
        nonlocal last
        reply = service(now, request)
        if request.operation is not Operation.NEW or not reply.is_success:
            return reply
        if last and draw.chance(value):
            return replace(reply, data={**reply.data, "session_id": last})
        last = reply.data["session_id"]
        return reply

    return answer


REPEATED_ID = Defect(
    "repeated-id",
    "new opens a session and answers with the id of the one before",
    share("of the new requests that open a session"),
    around=_repeated_id,
)
"""Two clients get the same id: a cached or replayed answer."""


def _stop_ignored(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    is_chosen = sample(draw, value)

    def answer(now: float, request: ApiRequest) -> Reply:
        session_id = request.session_id
        if request.operation is Operation.STOP and rules.is_open(now, session_id) and is_chosen(session_id):
            return _STOPPED
        return service(now, request)

    return answer


STOP_IGNORED = Defect(
    "stop-ignored",
    "stop is acknowledged and has no effect: the session ends when it is due",
    share("of the sessions that are stopped", default=1.0),
    around=_stop_ignored,
)
"""The answer to stop comes from a queue that loses the order."""
