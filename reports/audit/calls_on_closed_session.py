"""`calls-on-closed-session`: calls after the client's own stop."""

from __future__ import annotations

from reports.analysis.client import Client
from reports.audit.check import AuditCheck, Facts, kinds


def _facts(client: Client) -> Facts:
    return {
        life.number: f"{kinds(life.late)} after the client's own stop"
        for life in client.lives
        if life.stopped is not None and life.late
    }


CHECK = AuditCheck(
    "calls-on-closed-session",
    "warning",
    "certain",
    _facts,
    "Called after they had been closed: {n}.",
    "Clear timers and forget the session's id when it is closed.",
)
