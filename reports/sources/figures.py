"""The parts of summary.json that every log has, whatever its source is."""

from __future__ import annotations

from typing import Any

from loadtests.model.log.fate import FATES
from reports.analysis.effects import by_call
from reports.analysis.generator import GeneratorHealth
from reports.analysis.ghosts import LOST_ANSWER
from reports.analysis.keepalive import KeepAlives
from reports.analysis.timings import Timing
from reports.findings.evidence import Evidence


def figures_of(evidence: Evidence) -> dict[str, Any]:
    """Returns the parts of summary.json that every log has."""
    timings = evidence.timings
    return {
        "sessions": _sessions(evidence),
        "concurrency_hits": _hits(evidence),
        "leaks": evidence.leak_costs.as_list(),
        "withheld": evidence.hits.withheld,
        "calls": by_call(evidence.effects),
        "slot_seconds": evidence.slots.seconds,
        "keep_alive": _keep_alives(evidence.keep_alives),
        "latency": {kind: values.as_dict() for kind, values in timings.latency.items()},
        "latency_from_intended": {kind: values.as_dict() for kind, values in timings.of_kind[Timing.FROM_DUE].items()},
        "generator": _generator(evidence.generator),
    }


def _sessions(evidence: Evidence) -> dict[str, Any]:
    sessions = evidence.sessions
    counts = sessions["fate"].value_counts()
    fates = {fate: int(counts.get(fate, 0)) for fate in FATES}
    return {
        "opened": len(sessions),
        "unresolved": evidence.unresolved,
        "lost_to_idle": fates["expired"],
        "leaked": int(sessions["leak"].sum()),
        "lost_answers": int((sessions["way"] == LOST_ANSWER).sum()),
        "ghosts": int(sessions["ghost"].sum()),
        "peak": evidence.slots.peak,
        "fates": fates,
    }


def _hits(evidence: Evidence) -> dict[str, Any]:
    hits = evidence.hits
    return {
        "count": hits.count,
        "first_attempts": hits.first_attempts,
        "first_attempt_share": hits.first_attempts / hits.first_attempts_made if hits.first_attempts_made else None,
        "persons_lost": hits.persons_lost,
        "held_by": hits.held_by,
        "slots": hits.slots,
        "worst_episode": hits.worst_episode,
        "other_refusals": hits.others,
        "without_leaks": evidence.counterfactual.as_dict(),
    }


def _keep_alives(keep_alives: KeepAlives) -> dict[str, Any]:
    return {
        "count": keep_alives.count,
        "acknowledged": keep_alives.acknowledged,
        "failed": keep_alives.count - keep_alives.acknowledged,
        "lateness": keep_alives.lateness.as_dict(),
        "margin": keep_alives.margin.as_dict(),
    }


def _generator(generator: GeneratorHealth) -> dict[str, Any]:
    return {
        "requests": generator.requests,
        "requests_per_second": generator.rate,
        "loop_delay": generator.loop_delay.as_dict(),
        "connection_wait": generator.connection_wait.as_dict(),
        "longest_stall": generator.longest_stall,
        "memory": generator.memory.as_dict(),
        "doubts": generator.doubts,
    }
