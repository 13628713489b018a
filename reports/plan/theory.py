"""Which theory says what to expect, by what the people do when they are refused; where none does, a replay.

Erlang B: people of the open model who do not come back, arriving as Poisson's do, in a steady load. Engset: people of the
closed model who do not come back. Everything else is replayed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from loadtests.model.maths.erlang import engset, engset_servers, erlang_b, erlang_servers
from reports.plan.crowd import Crowd, mean_pause

Kind = Literal["erlang-b", "engset", "replay"]


@dataclass(frozen=True)
class Theory:
    """What holds for a run's people."""

    kind: Kind
    why: str


def theory_of(crowd: Crowd, *, is_poisson: bool | None, is_steady: bool) -> Theory:
    """The theory for these people; `is_poisson` None: too few to tell."""
    is_open, is_closed = bool(crowd.is_open.any()), bool(crowd.residents)
    if crowd.retries:
        return Theory("replay", "people come back when they are refused")
    if is_open and is_closed:
        return Theory("replay", "people of the open and of the closed model share the account")
    if crowd.others:
        return Theory("replay", "sessions of others hold slots too")
    if not is_steady:
        return Theory("replay", "the load is not the same throughout")
    if is_closed:
        return Theory("engset", "a fixed number of people, who pause and try again later as new visitors")
    if is_poisson is False:
        return Theory("replay", "arrivals are not like Poisson's")
    return Theory("erlang-b", "independent arrivals who do not come back")


def offered_each(crowd: Crowd) -> float:
    """A person's mean stay over their mean pause, of the closed model (Engset's α)."""
    held = crowd.marks.used + crowd.marks.tail
    pauses = [mean_pause(profile) for r in crowd.residents if (profile := crowd.profiles[r.profile]) is not None]
    return float(np.average(held, weights=crowd.marks.rate)) / max(float(np.mean(pauses)), 1e-9)


def blocking(kind: Kind, crowd: Crowd, offered: float, limit: int) -> float | None:
    """The share of first attempts that is refused, by a formula; None: by none."""
    if kind == "replay":
        return None
    return erlang_b(offered, limit) if kind == "erlang-b" else engset(len(crowd.residents), offered_each(crowd), limit)


def slots(kind: Kind, crowd: Crowd, offered: float, target: float) -> int | None:
    """The fewest slots at which no more than `target` of first attempts are refused, by a formula; None: by none."""
    if kind == "replay":
        return None
    if kind == "erlang-b":
        return erlang_servers(offered, target)
    return engset_servers(len(crowd.residents), offered_each(crowd), target)
