"""Counts calls by what came of them: carried out, refused for a documented reason, unanswered, or failed otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loadtests.model.api.answer import Outcome, Reason
from reports.log.log import EventLog

_PROCESSED = frozenset({Reason.CONCURRENCY, Reason.SESSION_FULL, Reason.QUOTA, Reason.CLOSED, Reason.MISSING})
"""Refusals that are part of the API's rules."""

_CALLS = f"""
SELECT kind, outcome, status, coalesce(reason, '') AS reason, count(*)::INTEGER AS n, min(t) / 1e9 AS low,
    max(t + latency) / 1e9 AS high
FROM events WHERE outcome IN ('{Outcome.OK}', '{Outcome.FAIL}', '{Outcome.UNKNOWN}')
GROUP BY ALL ORDER BY n DESC, kind, outcome, status, reason
"""


@dataclass(frozen=True)
class Effect:
    """Calls of one kind with the same outcome. The first was sent at second `low`, the last answered at `high`."""

    kind: str
    outcome: str
    status: int
    reason: str
    n: int
    low: float
    high: float


def build_effects(log: EventLog) -> tuple[Effect, ...]:
    """Returns the effects of all calls that were sent, the most frequent first."""
    return tuple(Effect(**row) for row in log.records(_CALLS))


def by_call(effects: Sequence[Effect]) -> dict[str, dict[str, int]]:
    """Returns, by call, the numbers sent, ok, refused by the API's rules, and unanswered; the rest failed otherwise."""
    counts: dict[str, dict[str, int]] = {}
    for kind in sorted({effect.kind for effect in effects}):
        own = [effect for effect in effects if effect.kind == kind]
        counts[kind] = {
            "sent": sum(effect.n for effect in own),
            "ok": sum(effect.n for effect in own if effect.outcome == Outcome.OK),
            "refused": sum(
                effect.n for effect in own if effect.outcome == Outcome.FAIL and effect.reason in _PROCESSED
            ),
            "unanswered": sum(effect.n for effect in own if effect.outcome == Outcome.UNKNOWN),
        }
    return counts
