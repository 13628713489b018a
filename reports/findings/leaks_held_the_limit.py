"""`leaks-held-the-limit`: who held the slots when the account was full."""

from __future__ import annotations

from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import count, of_total
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding
from reports.findings.shown import IS_LOST

_ADVICE = "Close sessions before asking for a higher limit. Persistent concurrent limit errors often indicate unclosed sessions."
_LOST_ADVICE = (
    "After a new without an answer, search {list} for a session that no client owns, and close it. Report the lost"
    " answers to the API's support."
)

SHARE = 0.1
"""Of the slots at the hits, or of the first refusals: less is no reason for them."""


# Of the slots at the hits, those of sessions whose client never got their id.
_LOST = f"""
WITH lost AS (
    SELECT low AS t, 1 AS change FROM segments JOIN sessions USING (session) WHERE {IS_LOST}
    UNION ALL SELECT high, -1 FROM segments JOIN sessions USING (session) WHERE {IS_LOST}
), steps AS (SELECT t, sum(sum(change)) OVER (ORDER BY t) AS n FROM lost GROUP BY t), totals AS (
    SELECT t, sum(held) AS held FROM held GROUP BY t
)
SELECT coalesce(sum(steps.n), 0) / nullif(sum(held), 0) AS share
FROM hits JOIN totals USING (t) ASOF LEFT JOIN steps ON steps.t <= hits.t
"""


def check(evidence: Evidence) -> Checked:
    """Compares the mean share of slots that leaked sessions held at the hits, and the first refusals that the replay blames on
    them; lost answers are the API's leaks.
    """
    hits, replay = evidence.hits, evidence.counterfactual
    leaked = hits.held_by.get("leaked", 0.0)
    caused = replay.caused or 0
    if not hits.count or (leaked < SHARE and (not caused or caused < SHARE * replay.measured)):
        return None
    lost = float(evidence.log.row(_LOST)["share"] or 0.0)
    is_api = lost > leaked / 2
    slots = hits.slots.get("leaked", 0.0)
    of = f" of {count(evidence.manifest.limit, 'slot')}" if evidence.manifest.limit else " slots"
    origin = f", {slots * lost / leaked:.1f} of them because an answer of new was lost" if lost > 0 else ""
    return Finding(
        "leaks-held-the-limit",
        "warning",
        "API" if is_api else "modelled client",
        "likely" if is_api else "certain",
        f"At {count(hits.count, 'concurrency hit')}, leaked sessions held {slots:.1f}{of} on average{origin}.{_cost(evidence)}",
        _LOST_ADVICE if is_api else _ADVICE,
        tuple(leak["session"] for leak in evidence.leak_costs.as_list() if leak["hits"]),
        interval=(float(hits.times["t"].min()), float(hits.times["t"].max())),
        chart="hits",
    )


def _cost(evidence: Evidence) -> str:
    """Returns what the leaks cost, and the costliest of them."""
    replay, worst = evidence.counterfactual, evidence.leak_costs.costliest
    if worst is None:
        return ""
    caused = f" They caused {of_total(replay.caused, replay.measured, 'first refusal')}." if replay.caused else ""
    refused = f"{worst['refusals'] or 0.0:,.1f}".removesuffix(".0")
    part = f", and caused {refused} of the refusals" if worst["refusals"] else ""
    return (
        f"{caused} The costliest, session {worst['session']} ({worst['way']}), held its slot for"
        f" {format_duration(worst['slot_seconds'])} after its user had left, at {count(worst['hits'], 'hit')}{part}."
    )


CHECK = Check("leaks-held-the-limit", check)
