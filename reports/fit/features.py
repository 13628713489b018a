"""What separates kinds of people, as counts for each session: idle timeout, length, pace, silences with keep-alives, their
interval, way of leaving.

Each feature is cut into cells and counted as a life table is: of those that reached a cell, how many ended in it. So censored
lengths and gaps count for as far as they were seen, and no family is assumed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from loadtests.model.people.profile import Way
from reports.fit.sample import Flags, Floats
from reports.fit.turns import Gaps

_LENGTH_CELLS, _GAP_CELLS, _INTERVAL_CELLS, _TIMEOUT_CELLS = 6, 8, 6, 10
_FREQUENT = 0.04
"""Share of the values from which on one is frequent."""
_LONG = 1.3
"""A pause of so many intervals of keep-alives has one if there is a timer."""
_WAYS = (Way.CLOSE.value, Way.ABANDON.value, Way.CRASH.value, Way.ZOMBIE.value, Way.IMPATIENT.value)

_NUMBERS = {way: float(number) for number, way in enumerate(_WAYS)}


@dataclass(frozen=True)
class Features:
    """One row for each session, one column for each cell of each feature."""

    sessions: Floats
    """Session numbers."""
    reached: Floats
    ended: Floats
    names: tuple[str, ...]
    """The feature of each column."""


def features_of(left: pd.DataFrame, gaps: Gaps, beats: pd.DataFrame) -> Features:
    """Returns the features of the sessions in `left` (of `departures`)."""
    sessions = left["session"].to_numpy()
    row = {session: number for number, session in enumerate(sessions)}
    tables: list[tuple[str, Floats, Floats]] = []

    def add(name: str, of: pd.Series, values: Floats, seen: Flags, cells: int) -> None:
        known = np.isfinite(values)
        if known.sum() and seen[known].any():
            rows = of[known].map(row).to_numpy(dtype=int)
            edges = _edges(values[known][seen[known]], cells)
            tables.append((name, *_life_table(rows, values[known], seen[known], edges, len(sessions))))

    everyone: Flags = np.ones(len(left), dtype=np.bool_)
    add("idle timeout", left["session"], left["idle_timeout"].to_numpy(dtype=float), everyone, _TIMEOUT_CELLS)
    ways = np.array([_NUMBERS.get(way, np.nan) for way in left["way"]], dtype=float)
    add("way of leaving", left["session"], ways, everyone, len(_WAYS))
    add(
        "session length",
        left["session"],
        left["length"].to_numpy(dtype=float),
        left["seen"].to_numpy(dtype=bool),
        _LENGTH_CELLS,
    )
    table = gaps.table
    for name, which in (("first pause", table["is_first"]), ("pauses", ~table["is_first"])):
        part = table[which.to_numpy()]
        add(name, part["session"], part["gap"].to_numpy(dtype=float), part["seen"].to_numpy(dtype=bool), _GAP_CELLS)
    for name, of, values in _keep_alives(left, gaps, beats):
        add(name, of, values, np.ones(len(values), dtype=bool), _INTERVAL_CELLS)
    return Features(
        sessions,
        np.hstack([reached for _, reached, _ in tables]),
        np.hstack([ended for _, _, ended in tables]),
        tuple(name for name, reached, _ in tables for _ in range(reached.shape[1])),
    )


def _keep_alives(left: pd.DataFrame, gaps: Gaps, beats: pd.DataFrame) -> list[tuple[str, pd.Series, Floats]]:
    """Whether long pauses have keep-alives, and the time between two of them, or its share of the idle timeout."""
    alive = beats[beats["kind"] == "keep_alive"].merge(left[["session", "idle_timeout"]], on="session")
    alive = alive.sort_values(["session", "t"])
    same = alive["session"].eq(alive["session"].shift())
    between, idle = alive["t"].diff()[same].to_numpy(dtype=float), alive.loc[same, "idle_timeout"].to_numpy(dtype=float)
    if not len(between):
        return []
    by_timeout = _variation(between / idle) < _variation(between)
    found = [("keep-alive interval", alive.loc[same, "session"], between / idle if by_timeout else between)]
    pauses = gaps.table.merge(left[["session", "idle_timeout"]], on="session")
    own = float(np.median(between / idle)) * pauses["idle_timeout"] if by_timeout else float(np.median(between))
    long = pauses[pauses["gap"] > _LONG * own]
    if len(long):
        counts = _sent_within(alive, long)
        found.append(("keep-alives in pauses", long["session"], (counts > 0).astype(float)))
    return found


def _sent_within(alive: pd.DataFrame, pauses: pd.DataFrame) -> Floats:
    """How many keep-alives each pause contains."""
    # Sessions are far apart on one axis, so that one sorted search finds both.
    far = float(max(alive["t"].max(), (pauses["over"] + pauses["gap"]).max()) + 1)
    keys = np.sort(alive["session"].to_numpy(dtype=float) * far + alive["t"].to_numpy(dtype=float))
    begin = pauses["session"].to_numpy(dtype=float) * far + pauses["over"].to_numpy(dtype=float)
    end = begin + pauses["gap"].to_numpy(dtype=float)
    return np.asarray(np.searchsorted(keys, end) - np.searchsorted(keys, begin), dtype=float)


def _variation(values: Floats) -> float:
    return float(np.std(np.log(np.maximum(values, 1e-3))))


def _edges(values: Floats, cells: int) -> Floats:
    """Inner edges of cells with about equally many values; a value that is frequent has a cell of its own."""
    inner = np.quantile(values, np.linspace(0, 1, cells + 1)[1:-1], method="higher")
    each, counts = np.unique(values, return_counts=True)
    frequent = each[counts >= _FREQUENT * len(values)]
    edges = np.unique(np.concatenate([inner, frequent, np.nextafter(frequent, np.inf)]))
    return np.asarray(edges[(edges > values.min()) & (edges <= values.max())], dtype=float)


def _life_table(
    rows: npt.NDArray[np.int_], values: Floats, seen: Flags, edges: Floats, size: int
) -> tuple[Floats, Floats]:
    """Counts by row: for each cell but the last, how many reached its upper edge or ended before, and how many ended in it."""
    cells = len(edges)
    reached, ended = np.zeros((size, cells)), np.zeros((size, cells))
    cell = np.searchsorted(edges, values, side="right")
    for number in range(cells):
        in_cell = (cell == number) & seen
        np.add.at(ended[:, number], rows[in_cell], 1)
        # A value that is censored in a cell says nothing about the rest of it.
        np.add.at(reached[:, number], rows[(cell > number) | in_cell], 1)
    return reached, ended
