"""`stale-connections`: requests that were lost because the server had closed the connection without saying so."""

from __future__ import annotations

from loadtests.model.api.answer import REPEATED, Reason
from loadtests.model.text.wording import of_total, percent, were
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding, Severity

_REPEATED = "SELECT count(*) AS n FROM events WHERE detail = $repeated"
MUCH = 0.01
"""Share of the requests from which it is worth a warning."""


def check(evidence: Evidence) -> Checked:
    """Reports requests on a reused connection that ended before an answer began: lost ones, and those that were sent again."""
    stale = evidence.failures.where(lambda row: row.reason == Reason.STALE)
    repeated = int(evidence.log.row(_REPEATED, repeated=REPEATED)["n"])
    met = stale.n + repeated
    if not met:
        return None
    sent = sum(evidence.failures.sent.values())
    lost = f" {were(stale.n, 'request')} not sent again ({stale.by(lambda row: row.kind)})." if stale.n else ""
    severity: Severity = "warning" if met >= MUCH * sent else "note"
    return Finding(
        "stale-connections",
        severity,
        "generator",
        "likely",
        f"{of_total(met, sent, 'request')} ({percent(met / sent)}) met a reused connection that the server had closed before the"
        f" answer began; {were(repeated, 'request')} sent again.{lost}",
        "This says nothing about the API's stability unless the server closes connections on purpose. Ask its operator to send"
        " Connection: close before closing a connection, or to keep connections open for longer.",
        interval=stale.interval,
        chart="latency",
    )


CHECK = Check("stale-connections", check)
