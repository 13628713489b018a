"""`list-lags`: sessions appear in the API's list some time after they were opened, or disappear some time after they ended."""

from __future__ import annotations

from typing import Any

from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import between, count, of_total, verb
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding


def check(evidence: Evidence) -> Checked:
    """Reports a list that lags; the ends of sessions are corrected for the lag."""
    lag = evidence.log.row("SELECT * FROM list_lag")
    if not lag["high"]:
        return None
    text = _ended(lag, evidence.manifest.limit) if lag["crowded"] else _late(lag)
    return Finding(
        "list-lags",
        "warning",
        "API",
        "certain",
        text,
        "Do not read a session's absence from {list} as its end, nor its presence as proof that it is open, within this"
        " time. The report allows for the lag.",
        chart="sessions",
    )


def _late(lag: dict[str, Any]) -> str:
    return (
        f"{of_total(lag['late'], lag['sessions'], 'session')} {verb(lag['late'], 'was', 'were')} missing from a list requested"
        f" after the session was open; the list lags by {between(lag['low'], lag['high'], format_duration)}."
    )


def _ended(lag: dict[str, Any], limit: int | None) -> str:
    longer = " or longer" if lag["lasting"] else ""
    return (
        f"{of_total(lag['late'], lag['sessions'], 'stopped session')} {verb(lag['late'], 'was', 'were')} listed after stop had"
        f" been acknowledged, for {between(lag['low'], lag['high'], format_duration)}{longer}, and"
        f" {count(lag['crowded'], 'list')} showed more sessions than the limit of {limit}: ended sessions that hold no slot."
    )


CHECK = Check("list-lags", check)
