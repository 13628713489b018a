"""`worker-lost`: a part of the load was missing, and sessions were without their client."""

from __future__ import annotations

from loadtests.model.text.wording import count, verb
from reports.analysis.workers import departures
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding
from reports.findings.shown import shown

_NAME = "worker-lost"


def check(evidence: Evidence) -> Checked:
    """Reports workers that the master lost, and logs that are incomplete."""
    away = departures(evidence.log)
    cut = evidence.manifest.cut_workers
    if not away and not cut:
        return None
    text = [
        *map(str, away),
        *(
            [f"the {verb(cut, 'log', 'logs')} of {count(cut, 'worker')} {verb(cut, 'is', 'are')} incomplete"]
            if cut
            else []
        ),
    ]
    orphaned = shown(evidence.log, "way = 'lost-worker'", "left_at", "left_at")
    last = max((one.back or evidence.log_end for one in away), default=evidence.log_end)
    return Finding(
        _NAME,
        "problem",
        "generator",
        "certain",
        f"{'; '.join(text)}.",
        "The load was not as configured: run again. streamsoak sweep closes sessions that a lost worker left open. A spool"
        " directory copied from its machine into the run's directory completes the log.",
        orphaned.sessions if orphaned else (),
        (min(one.at for one in away), last) if away else None,
        "sessions",
    )


CHECK = Check(_NAME, check)
