"""Several loads as steps: where admitted sessions stop growing with arrivals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from reports.plan.blocking import Blocking
from reports.plan.offered import Offered

STOPS_GROWING = 0.5
"""Of each further arrival less than this is admitted."""


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
    """Slots held on average."""
    refused: float | None
    predicted: float | None
    by: str | None


@dataclass(frozen=True)
class Steps:
    """The loads in the order of arrivals, and where it bends."""

    steps: tuple[Step, ...]
    bend: str | None
    """The first step at which of each further arrival less than half is admitted; None: none is seen."""
    said: str


def build_step(offered: Offered, blocking: Blocking, admitted: int, held: float) -> Step:
    """One load's figures together."""
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
    """The steps together."""
    ordered = tuple(sorted(steps, key=lambda step: step.arrivals_per_minute))
    if len(ordered) < 2:
        return Steps(
            ordered,
            None,
            "One load was seen: where admitted sessions stop growing with arrivals, two or more would tell.",
        )
    for before, after in pairwise(ordered):
        more = after.arrivals_per_minute - before.arrivals_per_minute
        got = after.admitted_per_minute - before.admitted_per_minute
        if more > 0.02 * after.arrivals_per_minute and got < STOPS_GROWING * more:
            share = max(got, 0.0) / more
            said = (
                f"From {before.arrivals_per_minute:.1f} to {after.arrivals_per_minute:.1f} arrivals a minute, {share:.0%} of the"
                " further ones were admitted: there the account is full."
            )
            return Steps(ordered, after.name, said)
    return Steps(
        ordered,
        None,
        "Admitted sessions grow with arrivals up to the highest load: the account was never full for long.",
    )
