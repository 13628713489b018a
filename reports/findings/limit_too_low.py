"""`limit-too-low`: refused though nothing was leaked, or though the leaks are taken off."""

from __future__ import annotations

from loadtests.model.text.wording import count, verb
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding, Unknown

SHARE = 0.01
"""Of the first attempts: fewer refusals are what every limit costs now and then."""


def check(evidence: Evidence) -> Checked:
    """Reports the first attempts that the replay refuses without the leaks."""
    limit, hits = evidence.manifest.limit, evidence.hits
    if limit is None:
        return Unknown("no limit was configured (--limit, or limit in the scenario)") if hits.count else None
    if not hits.count:
        return None
    replay = evidence.counterfactual
    if replay.first_attempts is None:
        return Unknown(f"what the leaks cost cannot be told: {replay.unknown}")
    if replay.first_attempts < max(2, SHARE * hits.first_attempts_made):
        return None
    refused = count(replay.first_attempts, "first attempt")
    return Finding(
        "limit-too-low",
        "warning",
        "account limit",
        "likely",
        f"Even without the leaks, {refused} would have been refused (the run refused {replay.measured:,}). The limit is {limit}."
        if evidence.leak_costs.costliest
        else f"{refused} {verb(replay.first_attempts, 'was', 'were')} refused, though no session leaked. The limit is {limit}.",
        "Even without leaks this load needs a higher limit or shorter sessions. Ask for a higher limit, or let users wait.",
        interval=(float(hits.times["t"].min()), float(hits.times["t"].max())),
        chart="hits",
    )


CHECK = Check("limit-too-low", check)
