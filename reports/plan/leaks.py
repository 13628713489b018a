"""Computes the cost of leaks: slots held by each way of leaving, and by how much fixing it lowers the required limit."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from reports.plan.model import TARGETS, Model, Question, offered, people_of, slots


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
    """By target of refusals, slots saved by fixing this way, with the recommended settings."""
    costs_an_hour: float | None
    """At the scenario's price of an open session; None: it has no price."""


@dataclass(frozen=True)
class LeakCosts:
    """The cost of each way, and of all together."""

    ways: tuple[LeakCost, ...]
    together: LeakCost | None


def build_leaks(
    people: pd.DataFrame, seconds: float, model: Model, settings: Question, price: float | None
) -> LeakCosts:
    """Return the costs of the `people` who arrived in `seconds`; slots are saved with these `settings`."""
    leaking = people[people["leak"]]
    if leaking.empty:
        return LeakCosts((), None)
    ways = leaking["intent"].where(leaking["way"] == "", leaking["way"])
    found = [
        _leak(str(way), own, people, seconds, model, settings, price) for way, own in leaking.groupby(ways, sort=True)
    ]
    together = replace(
        _leak("all", leaking, people, seconds, model, settings, price), endless=bool(leaking["endless"].any())
    )
    return LeakCosts(tuple(sorted(found, key=lambda leak: -leak.slots)), together)


def _leak(
    way: str,
    own: pd.DataFrame,
    people: pd.DataFrame,
    seconds: float,
    model: Model,
    settings: Question,
    price: float | None,
) -> LeakCost:
    tail = own["tail"].to_numpy(dtype=float)
    held = float(np.sum(tail)) / seconds
    load, everyone = offered(model, settings), people_of(model, settings)
    # Of the slots that leaks hold with these settings, this way has its recorded part.
    leaked = load - offered(model, replace(settings, leak_share=0.0))
    part = leaked * float(tail.sum()) / max(float(people.loc[people["leak"], "tail"].sum()), 1e-9)
    saves = {
        f"{target:g}": slots(model, load, target, everyone) - slots(model, load - part, target, everyone)
        for target in TARGETS
    }
    return LeakCost(
        way,
        len(own),
        len(own) / len(people),
        float(tail.mean()),
        held,
        held * seconds / 3600,
        bool(own["endless"].any()),
        saves,
        None if price is None else held * 60 * price,
    )
