"""`double-open` and `no-stop-after-failed-start`: ways of leaving that a client chooses without meaning to."""

from __future__ import annotations

from loadtests.model.people.profile import Way
from loadtests.model.session.behaviour import FAILED_START
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding
from reports.findings.shown import shown


def _left(evidence: Evidence, way: str, name: str, said: str, advice: str) -> Checked:
    condition, until = "way = $way AND own_stop IS NULL", "coalesce(end_high, $log_end)"
    left = shown(evidence.log, condition, "left_at", until, way=str(way), log_end=evidence.log_end)
    if left is None:
        return None
    return Finding(
        name,
        "warning",
        "modelled client",
        "certain",
        said.format(n=f"{left.n} of {evidence.opened}"),
        advice,
        left.sessions,
        left.interval,
        "leaks",
    )


def look_reopened(evidence: Evidence) -> Checked:
    """A second session was opened before the first was forgotten."""
    return _left(
        evidence,
        Way.REOPEN,
        "double-open",
        "{n} sessions were replaced by another while they were open, and forgotten.",
        "Stop the old session before a reconnect opens a new one.",
    )


def look_failed_start(evidence: Evidence) -> Checked:
    """Start failed, and nobody closed what was open."""
    return _left(
        evidence,
        FAILED_START,
        "no-stop-after-failed-start",
        "{n} sessions were left open after start had failed.",
        "A session is open, and holds its slot, from new on: send streaming.stop when start or the media connection fails.",
    )


DOUBLE_OPEN = Check("double-open", look_reopened)
FAILED = Check("no-stop-after-failed-start", look_failed_start)
