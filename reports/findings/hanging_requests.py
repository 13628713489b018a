"""`hanging-requests`: given up without an answer, and not for lack of patience."""

from __future__ import annotations

from loadtests.model.api.answer import Reason
from loadtests.model.text.units import format_duration
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.failures import Failures
from reports.findings.finding import Checked, Finding, Unknown
from reports.findings.shown import IS_LOST, shown

PATIENT = 3.0
"""Our timeout is no more to blame where it is this many times what 99 of 100 answers take."""
FEW = 0.001
"""A smaller share of the requests is a warning."""


def look(evidence: Evidence) -> Checked:
    """Timeouts of calls that else are answered long before, but for those of `new` that opened a session all the same."""
    timeouts = evidence.failures.where(lambda row: row.reason == Reason.TIMEOUT)
    if not timeouts.n:
        return None
    timeout = evidence.manifest.scenario.timeout if evidence.manifest.scenario else 10.0
    slowest = {row.kind: _slowest(evidence, row.kind, timeout) for row in timeouts.rows}
    hanging = timeouts.where(lambda row: slowest[row.kind] * PATIENT <= timeout)
    if not hanging.n:
        usual = format_duration(max(slowest.values()))
        return Unknown(
            f"{timeouts.n} requests were given up after {format_duration(timeout)}, but others take up to {usual}"
        )
    # What a lost answer opened is told by its own name.
    ghosts = shown(evidence.log, IS_LOST, "opening", "opened")
    lost = ghosts.n if ghosts else 0
    new = hanging.where(lambda row: row.kind == "new").n
    n = hanging.n - min(lost, new)
    return _finding(hanging, n, is_new_alone=new == hanging.n, timeout=timeout) if n else None


def _finding(hanging: Failures, n: int, *, is_new_alone: bool, timeout: float) -> Finding:
    said = (
        f"{n} requests were never answered within {format_duration(timeout)}, {hanging.share:.2%} of their kinds:"
        f" {hanging.by(lambda row: row.kind)}."
    )
    if is_new_alone:
        said += (
            " A new that hangs cannot be told apart from a lost answer (lost-answers) whose session nobody saw, or from a slow"
            " new (slow-new)."
        )
    return Finding(
        "hanging-requests",
        "problem" if hanging.share >= FEW else "warning",
        "API",
        "unknown" if is_new_alone else "certain",
        said,
        "Give every request a timeout, and treat its outcome as unknown: after a new without an answer look into"
        " streaming.list for a session that nobody owns.",
        interval=hanging.interval,
        chart="latency",
    )


def _slowest(evidence: Evidence, kind: str, timeout: float) -> float:
    """What 95 of 100 answers to `kind` take; the timeout itself where too few are answered to tell."""
    # The timeouts are among the latencies: what is near to them is one.
    calls = evidence.calls.get(kind)
    if calls is None:
        # The list's own latencies are no part of the figures; it is looked at with the same patience.
        return 0.0 if evidence.looks else timeout
    values = [value for value in (calls.p95, calls.p50) if value is not None and value < 0.99 * timeout]
    return values[0] if values else timeout


CHECK = Check("hanging-requests", look)
