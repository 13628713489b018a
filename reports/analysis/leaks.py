"""Computes what each leak cost: how long it held its slot, at how many refusals, and its part of the refusals that leaks caused.

The refusals that leaks caused are counted once, by the replay without them (`counterfactual`). Each leak's part of them is in
proportion to the refused first attempts at which it held a slot, so the parts add up to the whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from reports.analysis.counterfactual import Counterfactual
from reports.analysis.hits import Hits
from reports.log.log import EventLog

MOST_NAMED = 10
"""Leaks in summary.json."""

_HELD = "SELECT session, low, high FROM segments WHERE holder = 'leaked'"
_WHO = f"SELECT session, profile, way, fate FROM sessions SEMI JOIN ({_HELD}) USING (session)"


@dataclass(frozen=True)
class LeakCosts:
    """The leaks, the costliest first."""

    rows: pd.DataFrame
    """Columns session, slot_seconds (held after its user had left), hits (refusals at which it held a slot), refusals (its
    part of the first refusals that leaks caused; NaN: unknown)."""

    @property
    def costliest(self) -> dict[str, Any] | None:
        """The first; None: there is none."""
        return next(iter(self.as_list()), None)

    def as_list(self) -> list[dict[str, Any]]:
        """The part `leaks` of summary.json."""
        return [
            {
                "session": int(row["session"]),
                **{name: str(row[name]) for name in ("profile", "way", "fate")},
                "slot_seconds": float(row["slot_seconds"]),
                "hits": int(row["hits"]),
                "refusals": None if pd.isna(row["refusals"]) else float(row["refusals"]),
            }
            for row in self.rows.head(MOST_NAMED).to_dict("records")
        ]


def build_leak_costs(log: EventLog, hits: Hits, counterfactual: Counterfactual) -> LeakCosts:
    """Computes the costs from the tables `segments` and `sessions`."""
    return cost(log.frame(_HELD), log.frame(_WHO), hits, counterfactual)


def cost(held: pd.DataFrame, who: pd.DataFrame, hits: Hits, counterfactual: Counterfactual) -> LeakCosts:
    """Computes the costs from the spans that leaks `held` (session, low, high), and `who` left (session, profile, way, fate)."""
    times = hits.times["t"].to_numpy(dtype=float)
    first = times[hits.times["attempt"].to_numpy() == 1]
    held = held.assign(
        slot_seconds=held["high"] - held["low"], hits=_within(times, held), first_hits=_within(first, held)
    )
    rows = held.groupby("session", as_index=False)[["slot_seconds", "hits", "first_hits"]].sum()
    weights = rows["first_hits"] if rows["first_hits"].sum() else rows["hits"]
    caused = np.nan if counterfactual.caused is None else counterfactual.caused
    rows["refusals"] = caused * weights / weights.sum() if weights.sum() else caused * 0.0
    rows = rows.merge(who, on="session")
    order = ["refusals", "hits", "slot_seconds", "session"]
    return LeakCosts(
        rows.sort_values(order, ascending=[False, False, False, True], ignore_index=True).drop(columns="first_hits")
    )


def with_costs(leaks: pd.DataFrame, costs: LeakCosts) -> pd.DataFrame:
    """Returns the leaked sessions with the columns slot_seconds, hits and refusals of `costs`; 0 if it has none of them."""
    # A damaged log may have a number twice.
    of_session = costs.rows.drop_duplicates("session").set_index("session")
    columns = of_session[["slot_seconds", "hits", "refusals"]].reindex(leaks["session"])
    return leaks.assign(**columns.fillna({"slot_seconds": 0.0, "hits": 0}).set_index(leaks.index))


def _within(moments: Any, spans: pd.DataFrame) -> Any:
    """How many of the ordered moments lie in each span; its end does not belong to it."""
    low, high = (np.searchsorted(moments, spans[name].to_numpy(dtype=float)) for name in ("low", "high"))
    return high - low
