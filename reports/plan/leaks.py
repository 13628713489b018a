"""Computes the cost of leaks: slots held by each way of leaving, and by how much fixing it lowers the required limit."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from loadtests.model.maths.erlang import erlang_servers
from reports.plan.limit import TARGETS


@dataclass(frozen=True)
class LeakCost:
    """One way of leaving that leaves the session open."""

    way: str
    count: int
    """People who left this way, or would have."""
    share: float
    """Share of all people."""
    tail: float
    """Mean seconds that a slot is held after its person has left."""
    slots: float
    """Mean number of slots held."""
    slot_hours: float
    """In the phase."""
    endless: bool
    """Zombies: their number grows with the duration of the run."""
    saves: dict[str, int]
    """By target of refusals, slots saved by fixing this way."""
    costs_an_hour: float | None
    """At the scenario's price of an open session; None: it has no price."""


@dataclass(frozen=True)
class LeakCosts:
    """The cost of each way, and of all together."""

    ways: tuple[LeakCost, ...]
    together: LeakCost | None


def build_leaks(people: pd.DataFrame, seconds: float, load: float, price: float | None) -> LeakCosts:
    """Return the costs of the `people` who arrived in `seconds`; `load` is what they offer, in Erlang."""
    leaking = people[people["leak"]]
    if leaking.empty:
        return LeakCosts((), None)
    ways = leaking["intent"].where(leaking["way"] == "", leaking["way"])
    found = [_leak(str(way), own, people, seconds, load, price) for way, own in leaking.groupby(ways, sort=True)]
    together = replace(_leak("all", leaking, people, seconds, load, price), endless=bool(leaking["endless"].any()))
    return LeakCosts(tuple(sorted(found, key=lambda leak: -leak.slots)), together)


def _leak(
    way: str, own: pd.DataFrame, people: pd.DataFrame, seconds: float, load: float, price: float | None
) -> LeakCost:
    tail = own["tail"].to_numpy(dtype=float)
    slots = float(np.sum(tail)) / seconds
    saves = {
        f"{target:g}": erlang_servers(load, target) - erlang_servers(max(load - slots, 0.0), target)
        for target in TARGETS
    }
    return LeakCost(
        way,
        len(own),
        len(own) / len(people),
        float(tail.mean()),
        slots,
        slots * seconds / 3600,
        bool(own["endless"].any()),
        saves,
        None if price is None else slots * 60 * price,
    )
