"""`limit-inferred`: nobody said what the limit is; the refusals do."""

from __future__ import annotations

from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding


def look(evidence: Evidence) -> Checked:
    """Between what was certainly open at once, and the least that can have been open at a refusal."""
    if evidence.manifest.limit is not None or not evidence.hits.count:
        return None
    occupancy = evidence.occupancy
    bounds = occupancy.log.row("SELECT min(with_lag) AS least, min(sent) AS low, max(answered) AS high FROM refusals")
    least, most = occupancy.peak, max(occupancy.peak, int(bounds["least"]))
    said = f"{least}" if least == most else f"between {least} and {most}"
    others = "" if evidence.listed else " (sessions of others, which only the list shows, are not counted)"
    return Finding(
        "limit-inferred",
        "note",
        "account limit",
        "likely",
        f"No limit was configured; by {evidence.hits.count} refusals it is {said} sessions{others}.",
        "Give the limit that the account has (--limit, or limit in the scenario), so that it can be checked.",
        interval=(float(bounds["low"]), float(bounds["high"])),
        chart="hits",
    )


CHECK = Check("limit-inferred", look)
