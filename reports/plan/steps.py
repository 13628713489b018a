"""Arranges loads as steps, and finds where admitted sessions stop growing with arrivals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from loadtests.model.text.wording import percent
from reports.plan.load.offered_load import OfferedLoad
from reports.plan.prediction.blocking import Blocking

STOPS_GROWING = 0.5
"""The account is full where a smaller share of further arrivals is admitted."""


@dataclass(frozen=True)
class Step:
    """One load."""

    run: str
    name: str
    seconds: float
    first_attempts: int
    arrivals_per_minute: float
    erlang: float | None
    admitted_per_minute: float
    """People who got a session, at the first attempt or later."""
    held: float
    """Mean number of slots held."""
    refused: float | None
    predicted: float | None
    by: str | None


@dataclass(frozen=True)
class Steps:
    """The loads by arrivals, and where admitted sessions stop growing."""

    steps: tuple[Step, ...]
    bend: str | None
    """The first step at which less than half of further arrivals are admitted; None: there is none."""
    said: str


def build_step(offered: OfferedLoad, blocking: Blocking, admitted: int, held: float) -> Step:
    """Return the step of one load."""
    seconds = offered.high - offered.low
    return Step(
        offered.run,
        offered.stretch,
        seconds,
        offered.arrivals.n,
        offered.arrivals.per_minute,
        offered.erlang.value if offered.erlang else None,
        60 * admitted / seconds if seconds else 0.0,
        held,
        blocking.measured.value if blocking.measured else None,
        blocking.predicted.value if blocking.predicted else None,
        blocking.by,
    )


def build_steps(steps: Sequence[Step]) -> Steps:
    """Sort the steps and find the bend."""
    ordered = tuple(sorted(steps, key=lambda step: step.arrivals_per_minute))
    if len(ordered) < 2:
        return Steps(
            ordered,
            None,
            "Only one load was recorded; finding where admitted sessions stop growing takes two or more.",
        )
    for before, after in pairwise(ordered):
        more = after.arrivals_per_minute - before.arrivals_per_minute
        got = after.admitted_per_minute - before.admitted_per_minute
        if more > 0.02 * after.arrivals_per_minute and got < STOPS_GROWING * more:
            share = max(got, 0.0) / more
            sentence = (
                f"From {before.arrivals_per_minute:,.1f} to {after.arrivals_per_minute:,.1f} arrivals a minute, {percent(share)}"
                " of the additional ones were admitted: the account is full."
            )
            return Steps(ordered, after.name, sentence)
    return Steps(
        ordered,
        None,
        "Admitted sessions grow with arrivals up to the highest load: the account was not full for long.",
    )
