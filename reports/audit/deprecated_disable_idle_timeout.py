"""`deprecated-disable-idle-timeout`: `new` asked for what has no effect."""

from __future__ import annotations

from reports.analysis.client import Client
from reports.audit.check import AuditCheck, Facts


def _facts(client: Client) -> Facts:
    return {life.number: "opened with disable_idle_timeout" for life in client.lives if life.deprecated}


CHECK = AuditCheck(
    "deprecated-disable-idle-timeout",
    "warning",
    "certain",
    _facts,
    "Opened with disable_idle_timeout, which is deprecated and has no effect (there is no “forever”): {n}.",
    "Leave disable_idle_timeout false; ask for a high activity_idle_timeout (up to 3599 s), and send keep-alives in quiet"
    " periods.",
)
