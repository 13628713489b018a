"""`leaks-held-the-limit`: who held the slots when the account was full."""

from __future__ import annotations

from loadtests.model.text.wording import count, percent
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding

SHARE = 0.1
"""Of the slots at the hits: less is no reason for them."""


def check(evidence: Evidence) -> Checked:
    """Compares the mean share of slots that leaked sessions held at the hits."""
    hits = evidence.hits
    leaked = hits.held_by.get("leaked", 0.0)
    if not hits.count or leaked < SHARE:
        return None
    return Finding(
        "leaks-held-the-limit",
        "warning",
        "modelled client",
        "certain",
        f"At {count(hits.count, 'concurrency hit')}, leaked sessions held {percent(leaked)} of the slots on average.",
        "Close sessions before asking for a higher limit. Persistent concurrent limit errors often indicate unclosed sessions.",
        interval=(float(hits.times["t"].min()), float(hits.times["t"].max())),
        chart="hits",
    )


CHECK = Check("leaks-held-the-limit", check)
