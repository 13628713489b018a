"""`limit-inferred`: nobody said what the limit is; the refusals do."""

from __future__ import annotations

from loadtests.model.text.wording import between, count
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding


def check(evidence: Evidence) -> Checked:
    """Estimates the limit: at least the sessions open at once, at most the fewest that can have been open at a refusal."""
    if evidence.manifest.limit is not None or not evidence.hits.count:
        return None
    occupancy = evidence.occupancy
    bounds = occupancy.log.row("SELECT min(with_lag) AS least, min(sent) AS low, max(answered) AS high FROM refusals")
    least, most = occupancy.peak, max(occupancy.peak, int(bounds["least"]))
    limit = between(least, most, "{:,.0f}".format)
    others = "" if evidence.listed else " (foreign sessions, which only the list shows, are not counted)"
    return Finding(
        "limit-inferred",
        "note",
        "account limit",
        "likely",
        f"No limit was configured. From {count(evidence.hits.count, 'refusal')} it is estimated at {limit}{others}.",
        "Configure the account's limit (--limit, or limit in the scenario) to have it checked.",
        interval=(float(bounds["low"]), float(bounds["high"])),
        chart="hits",
    )


CHECK = Check("limit-inferred", check)
