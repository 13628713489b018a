"""`list-lags`: sessions appear in the API's list some time after they were opened."""

from __future__ import annotations

from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import between, of_total, verb
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding


def check(evidence: Evidence) -> Checked:
    """Reports a list that lags; the ends of sessions are corrected for the lag."""
    lag = evidence.log.row("SELECT * FROM list_lag")
    if not lag["high"]:
        return None
    return Finding(
        "list-lags",
        "warning",
        "API",
        "certain",
        f"{of_total(lag['late'], lag['sessions'], 'session')} {verb(lag['late'], 'was', 'were')} missing from a list requested"
        " after the session was open;"
        f" the list lags by {between(lag['low'], lag['high'], format_duration)}.",
        "Do not read a session's absence from streaming.list as its end, nor its presence as proof that it is open, within this"
        " time. The report allows for the lag.",
        chart="sessions",
    )


CHECK = Check("list-lags", check)
