"""`lost-answers`: opened by a `new` whose answer was lost, and never closed."""

from __future__ import annotations

from reports.analysis.client import Client
from reports.audit.check import AuditCheck, Facts, how_it_ended


def _facts(client: Client) -> Facts:
    return {life.number: how_it_ended(life) for life in client.lives if life.lost and life.stopped is None}


CHECK = AuditCheck(
    "lost-answers",
    "warning",
    "certain",
    _facts,
    "Opened by a new whose answer was lost, and left open: {n}.",
    "After a new without an answer, look the session up in streaming.list and close it.",
)
