"""`no-stop-after-failed-start`: every start was refused, and no stop sent."""

from __future__ import annotations

from reports.analysis.client import Client
from reports.audit.check import AuditCheck, Facts


def _facts(client: Client) -> Facts:
    return {
        life.number: f"start was refused ({life.asked('start')[-1].reason}), and stop never sent"
        for life in client.lives
        if life.failed_start and not life.asked("stop")
    }


CHECK = AuditCheck(
    "no-stop-after-failed-start",
    "problem",
    "certain",
    _facts,
    "Left open after start had failed: {n}.",
    "A session is open, and holds its slot, from new on: send streaming.stop when start or the media connection fails.",
)
