"""Says in one sentence or two what caused the refusals: the leaks, or the load itself."""

from __future__ import annotations

from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import count, of_total, verb
from reports.analysis.counterfactual import Counterfactual
from reports.analysis.hits import Hits
from reports.analysis.slots import Slots


def describe_cause(counterfactual: Counterfactual, hits: Hits, slots: Slots, limit: int | None) -> str:
    """Returns the text; without any number where the replay cannot tell what the leaks caused."""
    if not hits.count and not slots.peak:
        return "No session was held, and no attempt was refused for the account's limit."
    if not hits.count:
        most = (
            f": at most {of_total(slots.peak, limit, 'slot')} {verb(slots.peak, 'was', 'were')} held" if limit else ""
        )
        return f"No attempt was refused for the account's limit{most}."
    if counterfactual.caused is None:
        return f"How many refusals the leaks caused cannot be told: {counterfactual.unknown}."
    return f"{_caused(counterfactual, slots)} {_held(hits, limit)}".rstrip()


def _caused(counterfactual: Counterfactual, slots: Slots) -> str:
    refused = count(counterfactual.measured, "first refusal")
    until = "" if counterfactual.until is None else f" of the first {format_duration(counterfactual.until)}"
    if not counterfactual.measured:
        return f"No first attempt{until} was refused, only later ones."
    if not slots.seconds["leaked"]:
        return f"No session leaked: the load alone caused {refused}{until}."
    part = f"{counterfactual.caused:,} of" if counterfactual.caused else "none of the"
    return f"Leaks caused {part} {refused}{until}."


def describe_recorded_cause(counterfactual: Counterfactual, hits: Hits, slots: Slots, limit: int | None) -> str:
    """Returns the text of a recording, of which it is never known how long those who were refused wanted to stay."""
    return _held(hits, limit) or describe_cause(counterfactual, hits, slots, limit)


def _held(hits: Hits, limit: int | None) -> str:
    leaked = hits.slots.get("leaked", 0.0)
    if not leaked:
        return ""
    when = "At the hit" if hits.count == 1 else f"At the {count(hits.count, 'hit')}"
    of_limit = f"of {count(limit, 'slot')}" if limit else "slots"
    return f"{when} leaked sessions held {leaked:.1f} {of_limit}."
