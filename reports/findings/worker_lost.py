"""`worker-lost`: a part of the load was missing, and sessions were without their client."""

from __future__ import annotations

from reports.analysis.workers import departures
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding
from reports.findings.shown import shown

_NAME = "worker-lost"


def look(evidence: Evidence) -> Checked:
    """By what the master wrote down of its workers."""
    away = departures(evidence.log)
    cut = evidence.manifest.cut_workers
    if not away and not cut:
        return None
    said = [*map(str, away), *([f"the logs of {cut} workers did not come whole"] if cut else [])]
    orphaned = shown(evidence.log, "way = 'lost-worker'", "left_at", "left_at")
    last = max((one.back or evidence.log_end for one in away), default=evidence.log_end)
    return Finding(
        _NAME,
        "problem",
        "generator",
        "certain",
        f"{'; '.join(said)}.",
        "The load was not what was asked for: run again. streamsoak sweep closes what a lost worker may have left open; a"
        " spool from its machine, put into the run's directory, completes the log.",
        orphaned.sessions if orphaned else (),
        (min(one.at for one in away), last) if away else None,
        "sessions",
    )


CHECK = Check(_NAME, look)
