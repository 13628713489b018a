"""`unclosed-sessions`: no stop was ever sent."""

from __future__ import annotations

from reports.analysis.client import Client
from reports.audit.check import AuditCheck, Facts, how_it_ended


def _facts(client: Client) -> Facts:
    return {life.number: how_it_ended(life) for life in client.lives if life.unclosed and not life.lost}


CHECK = AuditCheck(
    "unclosed-sessions",
    "problem",
    "certain",
    _facts,
    "Never closed by your client: {n}.",
    "Send streaming.stop on every way out (errors, signals, closed pages, reconnects), and wait for its answer: an"
    " unclosed session holds a slot of the account's limit until it has been idle for activity_idle_timeout.",
)
