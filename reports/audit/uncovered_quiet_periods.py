"""`uncovered-quiet-periods`: reaped for idleness, and called afterwards."""

from __future__ import annotations

from loadtests.model.text.units import format_duration
from reports.analysis.client import Client
from reports.audit.check import AuditCheck, Facts, kinds


def _facts(client: Client) -> Facts:
    return {
        life.number: f"nothing for {format_duration(life.gap)} (idle timeout {format_duration(life.idle_timeout)}), then"
        f" {kinds(life.late)} on the closed session"
        for life in client.lives
        if life.stopped is None and life.late and life.gap >= life.idle_timeout - 1e-6
    }


CHECK = AuditCheck(
    "uncovered-quiet-periods",
    "problem",
    "certain",
    _facts,
    "Closed by the API while your client still meant to use them: {n}.",
    "Call streaming.keep_alive before activity_idle_timeout expires in quiet periods, or ask for a longer timeout"
    " (up to 3599 s).",
)
