"""`hanging-requests`: given up without an answer, and not for lack of patience."""

from __future__ import annotations

from loadtests.model.api.answer import Reason
from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import count, percent
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.failures import Failures
from reports.findings.finding import Checked, Finding, Unknown
from reports.findings.shown import IS_LOST, shown

PATIENT = 3.0
"""Our timeout is no more to blame where it is this many times what 99 of 100 answers take."""
FEW = 0.001
"""A smaller share of the requests is a warning."""


def check(evidence: Evidence) -> Checked:
    """Reports timeouts of calls that usually are answered much sooner. A `new` that opened a session is not counted."""
    timeouts = evidence.failures.where(lambda row: row.reason == Reason.TIMEOUT)
    if not timeouts.n:
        return None
    timeout = evidence.manifest.scenario.timeout if evidence.manifest.scenario else 10.0
    slowest = {row.kind: _slowest(evidence, row.kind, timeout) for row in timeouts.rows}
    hanging = timeouts.where(lambda row: slowest[row.kind] * PATIENT <= timeout)
    if not hanging.n:
        usual = format_duration(max(slowest.values()))
        return Unknown(
            f"{count(timeouts.n, 'request')} timed out after {format_duration(timeout)}, but other requests take up to {usual}"
        )
    # Sessions that a lost answer opened are reported by lost-answers.
    ghosts = shown(evidence.log, IS_LOST, "opening", "opened")
    lost = ghosts.n if ghosts else 0
    new = hanging.where(lambda row: row.kind == "new").n
    n = hanging.n - min(lost, new)
    return _finding(hanging, n, is_new_alone=new == hanging.n, timeout=timeout) if n else None


def _finding(hanging: Failures, n: int, *, is_new_alone: bool, timeout: float) -> Finding:
    text = (
        f"{count(n, 'request')} got no answer within {format_duration(timeout)}, {percent(hanging.share)} of all such calls:"
        f" {hanging.by(lambda row: row.kind)}."
    )
    if is_new_alone:
        text += (
            " A new that hangs cannot be distinguished from a lost answer (lost-answers) whose session was not listed, or from a"
            " slow new (slow-new)."
        )
    return Finding(
        "hanging-requests",
        "problem" if hanging.share >= FEW else "warning",
        "API",
        "unknown" if is_new_alone else "certain",
        text,
        "Give every request a timeout, and treat its outcome as unknown. After a new without an answer, search"
        " {list} for a session that no client owns.",
        interval=hanging.interval,
        chart="latency",
    )


def _slowest(evidence: Evidence, kind: str, timeout: float) -> float:
    """The latency of `kind` that 95 % of answers do not exceed; the timeout itself where too few are answered."""
    # Latencies include the timeouts: a value close to the timeout is one.
    calls = evidence.calls.get(kind)
    if calls is None:
        # The figures leave out the list's latencies; polling uses the same timeout.
        return 0.0 if evidence.looks else timeout
    values = [value for value in (calls.p95, calls.p50) if value is not None and value < 0.99 * timeout]
    return values[0] if values else timeout


CHECK = Check("hanging-requests", check)
