"""The page's what-if panel: common examples, each with the model's answer.

templates/what_if.js computes the same in JavaScript.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from reports.plan.model import Estimate, Model, Question, answer


@dataclass(frozen=True)
class Example:
    """A question with a name."""

    name: str
    question: Question
    answer: Estimate


@dataclass(frozen=True)
class WhatIf:
    """The panel."""

    silent_before: float
    """Mean seconds from a leak's last activity until its person leaves: it is reaped that much earlier."""
    examples: tuple[Example, ...]
    """The first is today."""


def build_what_if(model: Model, today: Question, recommended: Question | None) -> WhatIf:
    """Return the panel for today, with common examples."""
    half = max(model.idle_range[0], today.idle_timeout / 2)
    questions = {
        "today": today,
        "recommended": recommended,
        "no leaks": replace(today, leak_share=0.0),
        "twice the arrivals": replace(today, arrivals_per_minute=2 * today.arrivals_per_minute),
        "half the idle timeout": replace(today, idle_timeout=half) if half < today.idle_timeout else None,
    }
    silent = sum(each.share * each.seconds for each in model.silences)
    return WhatIf(
        silent,
        tuple(Example(name, question, answer(model, question)) for name, question in questions.items() if question),
    )
