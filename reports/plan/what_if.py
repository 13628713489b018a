"""The model behind the page's panel: five figures in, refusals and slots out, by Erlang B.

Small enough to be computed again in the page, and so rough: people who do not come back, a steady load, tails that move with the
idle timeout. templates/what_if.js is the same in JavaScript; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from loadtests.model.maths.erlang import erlang_b, erlang_servers
from reports.plan.limit import TARGETS


@dataclass(frozen=True)
class Question:
    """What the panel asks for."""

    arrivals_per_minute: float
    """First attempts."""
    session_seconds: float
    """From the opening until the person leaves, on average."""
    leak_share: float
    """Of people, who leave their session open."""
    idle_timeout: float
    """Seconds."""
    limit: int


@dataclass(frozen=True)
class Estimate:
    """What comes out of it."""

    erlang: float
    refused: float
    """First attempts, as a share."""
    slots: dict[str, int]
    """By target of refusals, how many are needed."""


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
    """Seconds by which a leak's last activity lies before its person leaves, on average: so much sooner it is reaped."""
    examples: tuple[Example, ...]
    """The first is today."""


def tail_of(idle_timeout: float, silent_before: float) -> float:
    """Seconds that a leak holds its slot after its person has gone."""
    return max(0.0, idle_timeout - silent_before)


def answer(question: Question, silent_before: float) -> Estimate:
    """By Erlang B."""
    held = question.session_seconds + question.leak_share * tail_of(question.idle_timeout, silent_before)
    erlang = question.arrivals_per_minute / 60 * held
    slots = {f"{target:g}": erlang_servers(erlang, target) for target in TARGETS}
    return Estimate(erlang, erlang_b(erlang, question.limit), slots)


def build_what_if(today: Question, silent_before: float) -> WhatIf:
    """The panel for today, and what people ask for first."""
    asked = {
        "today": today,
        "no leaks": replace(today, leak_share=0.0),
        "twice the arrivals": replace(today, arrivals_per_minute=2 * today.arrivals_per_minute),
        "half the idle timeout": replace(today, idle_timeout=today.idle_timeout / 2),
    }
    return WhatIf(
        silent_before, tuple(Example(name, each, answer(each, silent_before)) for name, each in asked.items())
    )
