"""`ignored-concurrency-errors`: refused for the limit, and gone on as if there were a session."""

from __future__ import annotations

from loadtests.model.api.answer import Reason
from reports.analysis.client import Client
from reports.audit.check import CallCheck, kinds
from reports.findings.finding import Finding


def _look(client: Client) -> Finding | None:
    full = [call.t for call in client.refused if call.reason == Reason.CONCURRENCY]
    opened = [life.new.t for life in client.lives]
    # Calls without a session, of which the last new before them was refused for the limit.
    blind = [
        call
        for call in client.stray
        if call.reason != Reason.UNAUTHORIZED and _last(full, call.t) > _last(opened, call.t)
    ]
    if not blind:
        return None
    return Finding(
        "ignored-concurrency-errors",
        "problem",
        "your client",
        "likely",
        f"new was refused for the concurrent limit {len(full)} times, and the client went on without a session: {kinds(blind)}.",
        "Do not ignore concurrent limit errors: look at new's answer, back off and retry, and tell the person; persistent ones"
        " often indicate unclosed sessions.",
    )


def _last(times: list[float], at: float) -> float:
    return max((t for t in times if t <= at), default=float("-inf"))


CHECK = CallCheck("ignored-concurrency-errors", _look)
