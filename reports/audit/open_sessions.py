"""Findings about sessions that the client left open: `unclosed-sessions`, `no-stop-after-failed-start`, `double-open` and
`lost-answers`.
"""

from __future__ import annotations

import math
from itertools import pairwise

from loadtests.model.api.operation import Operation
from loadtests.model.log.record import Observation
from loadtests.model.text.units import format_duration
from reports.analysis.client import Client, Life
from reports.audit.check import AuditCheck, Facts, how_it_ended
from reports.audit.unknown_calls import meant

MOUNTED_TWICE_SECONDS = 0.25
"""Two sessions opened within this time are one client's by mistake: React's StrictMode, for one, mounts a component twice."""


def _unclosed(client: Client) -> Facts:
    return {
        life.number: "; ".join(
            (how_it_ended(life), *dict.fromkeys(told for _, told in vain_stops(client, life.number)))
        )
        for life in client.lives
        if life.unclosed and not life.lost
    }


def vain_stops(client: Client, session: int) -> list[tuple[float, str]]:
    """Return what the client sent to close the session that could not close it, with its time."""
    stop = client.api.calls[Operation.STOP].request_line
    keyless = client.noted(Observation.UNAUTHORIZED_CALL, session)
    found = [(note.t, "its stop was refused for its key") for note in keyless if note.detail == Operation.STOP]
    unknown = client.noted(Observation.UNKNOWN_CALL, session)
    return found + [(note.t, f"{note.detail} is no call of the API") for note in unknown if meant(client, note) == stop]


def _failed_start(client: Client) -> Facts:
    return {
        life.number: f"start was refused ({life.asked('start')[-1].reason}), and stop was never sent"
        for life in client.lives
        if life.failed_start and not life.asked("stop")
    }


def _double_open(client: Client) -> Facts:
    return {
        life.number: f"session {later.number} was opened {_after(life, later)}, and this one was never used again"
        for life, later in pairwise(client.lives)
        if _is_forgotten(client, life, later.new.t) and not life.lost
    }


def _after(life: Life, later: Life) -> str:
    pause = later.new.t - life.new.t
    if pause < MOUNTED_TWICE_SECONDS:
        return f"{format_duration(pause)} after this one, as by a component that is mounted twice"
    return "while this one was open"


def _is_forgotten(client: Client, life: Life, at: float) -> bool:
    # A client that sent a stop, or what it took for one, has closed it as far as it can know.
    stops = [*(call.t for call in life.asked(Operation.STOP)), *(t for t, _ in vain_stops(client, life.number))]
    was_open = (life.ended is None or life.ended > at) and min(stops, default=math.inf) > at
    return was_open and not any(call.t > at and call.kind != Operation.KEEP_ALIVE for call in life.calls)


def _lost_answers(client: Client) -> Facts:
    return {life.number: how_it_ended(life) for life in client.lives if life.lost and life.stopped is None}


UNCLOSED = AuditCheck(
    "unclosed-sessions",
    "problem",
    "certain",
    _unclosed,
    "Your client did not close {n}.",
    lambda api: (
        f"Send {api.stop} on every exit path (errors, signals, closed pages, reconnects), and wait for its answer: an"
        f" unclosed session holds a slot of the account's limit until it has been idle for {api.idle_timeout}."
    ),
    "Every session was closed.",
)
NO_STOP_AFTER_FAILED_START = AuditCheck(
    "no-stop-after-failed-start",
    "problem",
    "certain",
    _failed_start,
    "Your client left {n} open after start had failed.",
    lambda api: (
        f"A session is open and holds its slot from new on: send {api.stop} when start or the media connection fails."
    ),
    "Every session whose start failed was stopped.",
)
DOUBLE_OPEN = AuditCheck(
    "double-open",
    "warning",
    "likely",
    _double_open,
    "Your client opened another session while {n} {was} still open.",
    lambda api: f"Close the old session with {api.stop} before a reconnect opens a new one.",
    "No session was left behind for a new one.",
)
LOST_ANSWERS = AuditCheck(
    "lost-answers",
    "warning",
    "certain",
    _lost_answers,
    "The answer to new was lost for {n}, and your client left {them} open.",
    lambda api: (
        f"After a new without an answer, find the session with {api.call(Operation.LIST)} and close it."
        if api.call(Operation.LIST)
        else f"The session closes when it has been idle for {api.idle_timeout}: try again only then if the account is full."
    ),
    "Every answer to new arrived.",
)
