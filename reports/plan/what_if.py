"""The model of the page's what-if panel: refusals and slots from five figures, by Erlang B.

It is simple enough to be computed in the page: no retries, a steady load, tails that follow the idle timeout.
templates/what_if.js is the same in JavaScript; a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from loadtests.model.maths.erlang import erlang_b, erlang_servers
from reports.plan.limit import TARGETS


@dataclass(frozen=True)
class Question:
    """The panel's input."""

    arrivals_per_minute: float
    """First attempts."""
    session_seconds: float
    """Mean time from the opening until the person leaves."""
    leak_share: float
    """Share of people who leave their session open."""
    idle_timeout: float
    """Seconds."""
    limit: int


@dataclass(frozen=True)
class Estimate:
    """The panel's output."""

    erlang: float
    refused: float
    """Share of first attempts."""
    slots: dict[str, int]
    """Slots needed, by target of refusals."""


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


def tail_of(idle_timeout: float, silent_before: float) -> float:
    """Return the seconds that a leak holds its slot after its person has left."""
    return max(0.0, idle_timeout - silent_before)


def answer(question: Question, silent_before: float) -> Estimate:
    """Estimate refusals and slots by Erlang B."""
    held = question.session_seconds + question.leak_share * tail_of(question.idle_timeout, silent_before)
    erlang = question.arrivals_per_minute / 60 * held
    slots = {f"{target:g}": erlang_servers(erlang, target) for target in TARGETS}
    return Estimate(erlang, erlang_b(erlang, question.limit), slots)


def build_what_if(today: Question, silent_before: float) -> WhatIf:
    """Return the panel for today, with common examples."""
    examples = {
        "today": today,
        "no leaks": replace(today, leak_share=0.0),
        "twice the arrivals": replace(today, arrivals_per_minute=2 * today.arrivals_per_minute),
        "half the idle timeout": replace(today, idle_timeout=today.idle_timeout / 2),
    }
    return WhatIf(
        silent_before,
        tuple(Example(name, question, answer(question, silent_before)) for name, question in examples.items()),
    )
