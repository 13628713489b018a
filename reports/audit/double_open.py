"""`double-open`: another session was opened, and this one never used again."""

from __future__ import annotations

from itertools import pairwise

from loadtests.model.api.surface import Operation
from reports.analysis.client import Client, Life
from reports.audit.check import AuditCheck, Facts


def _facts(client: Client) -> Facts:
    return {
        life.number: f"session {later.number} was opened while this one was open, and this one never used again"
        for life, later in pairwise(client.lives)
        if _forgotten(life, later.new.t) and not life.lost
    }


def _forgotten(life: Life, at: float) -> bool:
    was_open = life.ended is None or life.ended > at
    return was_open and not any(call.t > at and call.kind != Operation.KEEP_ALIVE for call in life.calls)


CHECK = AuditCheck(
    "double-open",
    "warning",
    "likely",
    _facts,
    "Replaced by another while they were open: {n}.",
    "Stop the old session before a reconnect opens a new one.",
)
