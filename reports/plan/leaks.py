"""What each leak costs: slots held by each way of leaving, and by how much the limit could be lower if that way were mended."""

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
    """People who left so, or would have."""
    share: float
    """Of all people."""
    tail: float
    """Seconds that one holds its slot after its person has gone, on average."""
    slots: float
    """Held on average."""
    slot_hours: float
    """In the run's stretch."""
    endless: bool
    """Zombies: the longer the run, the more of them."""
    saves: dict[str, int]
    """By target of refusals, slots by which the limit could be lower without this way."""
    costs_an_hour: float | None
    """At the scenario's price of an open session; None: it gives none."""


@dataclass(frozen=True)
class LeakCosts:
    """All ways, and all of them together."""

    ways: tuple[LeakCost, ...]
    together: LeakCost | None


def build_leaks(people: pd.DataFrame, seconds: float, load: float, price: float | None) -> LeakCosts:
    """Of the `people` who came in `seconds`; `load`: what they offer, in Erlang."""
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
