"""Chooses the theory that predicts refusals, by arrivals and by what people do after a refusal; if none applies, a replay.

Erlang B: Poisson arrivals of the open model without retries, in a steady load. Engset: people of the closed model without
retries. Everything else is replayed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from loadtests.model.maths.erlang import engset, engset_servers, erlang_b, erlang_servers
from reports.plan.load.population import Population, mean_pause

Kind = Literal["erlang-b", "engset", "replay"]


@dataclass(frozen=True)
class Theory:
    """The theory that applies, and why."""

    kind: Kind
    why: str


def theory_of(population: Population, *, is_poisson: bool | None, is_steady: bool) -> Theory:
    """Return the theory for these people; `is_poisson` None: too few arrivals to test."""
    is_open, is_closed = bool(population.is_open.any()), bool(population.closed_people)
    if population.retries:
        return Theory("replay", "refused users retry")
    if is_open and is_closed:
        return Theory("replay", "users of the open and the closed model share the account")
    if population.others:
        return Theory("replay", "foreign sessions hold slots, too")
    if not is_steady:
        return Theory("replay", "the load is not steady")
    if is_closed:
        return Theory("engset", "a fixed number of users who pause and then start anew")
    if is_poisson is False:
        return Theory("replay", "arrivals are not a Poisson process")
    return Theory("erlang-b", "independent arrivals without retries")


def offered_each(population: Population) -> float:
    """Return the offered load of one idle person of the closed model: mean stay over mean pause (Engset's α)."""
    held = population.stays.used + population.stays.tail
    pauses = [
        mean_pause(profile) for r in population.closed_people if (profile := population.profiles[r.profile]) is not None
    ]
    return float(np.average(held, weights=population.stays.rate)) / max(float(np.mean(pauses)), 1e-9)


def blocking(kind: Kind, population: Population, offered: float, limit: int) -> float | None:
    """Return the share of refused first attempts by a formula; None if none applies."""
    if kind == "replay":
        return None
    return (
        erlang_b(offered, limit)
        if kind == "erlang-b"
        else engset(len(population.closed_people), offered_each(population), limit)
    )


def slots(kind: Kind, population: Population, offered: float, target: float) -> int | None:
    """Return the fewest slots that refuse at most `target` of first attempts, by a formula; None if none applies."""
    if kind == "replay":
        return None
    if kind == "erlang-b":
        return erlang_servers(offered, target)
    return engset_servers(len(population.closed_people), offered_each(population), target)
