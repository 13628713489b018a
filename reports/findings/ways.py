"""`double-open` and `no-stop-after-failed-start`: ways of leaving that a client chooses without meaning to."""

from __future__ import annotations

from collections.abc import Sequence

from loadtests.model.people.profile import Way
from loadtests.model.session.behaviour import FAILED_START
from loadtests.model.text.wording import of_total, verb
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding
from reports.findings.shown import shown

REPLACED = (Way.REOPEN, Way.DOUBLE_MOUNT, Way.RECOVERY_LOOP)
"""Ways in which another session is opened while one is still open."""


def _left(evidence: Evidence, ways: Sequence[str], name: str, text: str, advice: str) -> Checked:
    condition, until = "list_contains($ways, way) AND own_stop IS NULL", "coalesce(end_high, $log_end)"
    left = shown(evidence.log, condition, "left_at", until, ways=[str(way) for way in ways], log_end=evidence.log_end)
    if left is None:
        return None
    return Finding(
        name,
        "warning",
        "modelled client",
        "certain",
        text.format(n=of_total(left.n, evidence.opened, "session"), were=verb(left.n, "was", "were")),
        advice,
        left.sessions,
        left.interval,
        "leaks",
    )


def check_double_open(evidence: Evidence) -> Checked:
    """Reports sessions that a reconnect replaced without closing them."""
    return _left(
        evidence,
        REPLACED,
        "double-open",
        "{n} {were} replaced by another session while still open, and not closed.",
        "Stop the old session before a reconnect opens a new one; open a session in one place only, not with each mount of a"
        " component.",
    )


def check_failed_start(evidence: Evidence) -> Checked:
    """Reports sessions that were not closed after start had failed."""
    return _left(
        evidence,
        (FAILED_START,),
        "no-stop-after-failed-start",
        "{n} {were} left open after start had failed.",
        "A session holds its slot as soon as new has opened it. Send {stop} when start or the media connection fails.",
    )


DOUBLE_OPEN = Check("double-open", check_double_open)
FAILED = Check("no-stop-after-failed-start", check_failed_start)
