"""`leaks-held-the-limit`: who held the slots when the account was full."""

from __future__ import annotations

from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding

SHARE = 0.1
"""Of the slots at the hits: less is no reason for them."""


def look(evidence: Evidence) -> Checked:
    """The mean share of leaked sessions at the hits."""
    hits = evidence.hits
    leaked = hits.held_by.get("leaked", 0.0)
    if not hits.count or leaked < SHARE:
        return None
    return Finding(
        "leaks-held-the-limit",
        "warning",
        "modelled client",
        "certain",
        f"At the {hits.count} concurrency hits, leaked sessions held {leaked:.0%} of the slots.",
        "Close sessions before asking for a higher limit: persistent concurrent limit errors often indicate unclosed ones.",
        interval=(float(hits.times["t"].min()), float(hits.times["t"].max())),
        chart="hits",
    )


CHECK = Check("leaks-held-the-limit", look)
