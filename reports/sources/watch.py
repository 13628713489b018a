"""A watch: an account seen by its list alone, judged by its alerts."""

from __future__ import annotations

from reports.sources.interpretation import Interpretation
from reports.sources.measured import Measured
from reports.watch.account import read_account
from reports.watch.verdict import judge_watch


def interpret_watch(measured: Measured) -> Interpretation:
    """Returns what the account showed. A watch opens no session and sees no attempt: it has no findings and no cause."""
    evidence = measured.evidence
    watched = read_account(evidence.log, evidence.log_end)
    verdict = judge_watch(watched, evidence.manifest)
    return Interpretation([], [], verdict, "", [], {"watch": watched.as_dict()}, watched=watched)
