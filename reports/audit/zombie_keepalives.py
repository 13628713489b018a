"""`zombie-keepalives`: a timer that goes on when nothing else does."""

from __future__ import annotations

from loadtests.model.text.units import format_duration
from reports.analysis.client import Client, Life
from reports.audit.check import AuditCheck, Facts

LEAST_KEEP_ALIVES = 3


def _facts(client: Client) -> Facts:
    return {life.number: said for life in client.lives if (said := _zombie(life))}


def _zombie(life: Life) -> str:
    beats = life.abandoned
    if len(beats) < LEAST_KEEP_ALIVES or beats[-1].t - beats[0].t <= life.idle_timeout:
        return ""
    return f"{len(beats)} keep-alives in {format_duration(beats[-1].t - beats[0].t)}, and nothing else any more"


CHECK = AuditCheck(
    "zombie-keepalives",
    "problem",
    "likely",
    _facts,
    "Kept alive by a timer alone: {n}.",
    "Clear the keep-alive timer on every way out, before anything else: it holds the slot for as long as it runs.",
)
