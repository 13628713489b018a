"""Computes the percentiles of what is measured of each call: its latency, and how late it was sent.

Nearly every row of a log is a call. The log is read twice for all of these figures together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from loadtests.model.api.answer import Outcome
from loadtests.model.api.operation import Operation
from loadtests.model.log.record import NANOSECONDS
from loadtests.model.maths.reported_percentiles import PERCENTILES
from reports.analysis.percentiles import Percentiles
from reports.log.arrays import combinations_of, values_of
from reports.log.integer_quantiles import IntegerQuantiles, Integers, Places
from reports.log.log import EventLog

_WORDS = ("profile", "kind", "outcome")
_TIMES = ("t", "intended", "waited", "latency")
_SENT = (Outcome.OK, Outcome.FAIL, Outcome.UNKNOWN)


class Timing(Enum):
    """What is measured of a call."""

    LATENCY = "latency"
    """From the first byte to the end of the answer."""
    FROM_DUE = "from due"
    """The same from the intended time (without coordinated omission)."""
    LATENESS = "lateness"
    """From the intended time to the first byte."""
    LOOP_DELAY = "loop delay"
    """The lateness without the wait for a connection: the generator's own delay."""
    CONNECTION_WAIT = "connection wait"
    """The rest of the lateness."""


@dataclass(frozen=True)
class CallTimings:
    """Timings of the calls that were sent, in seconds."""

    of_all: Mapping[Timing, Percentiles]
    of_kind: Mapping[Timing, Mapping[str, Percentiles]]
    """By timing and operation."""
    by_profile: pd.DataFrame
    """Columns profile, kind, n, ok, p50, p95, p99: the latency of the calls of each profile and operation."""

    @property
    def latency(self) -> Mapping[str, Percentiles]:
        """By operation, in alphabetical order."""
        return self.of_kind[Timing.LATENCY]


def build_timings(log: EventLog) -> CallTimings:
    """Computes the timings of all calls, without polls of the list."""
    groups, figures = _Groups(), {timing: IntegerQuantiles() for timing in Timing}
    for calls in _calls(log, groups):
        groups.count_acknowledged(calls)
        for timing, figure in figures.items():
            figure.count(calls.group, calls.numbers(timing))
    for figure, chosen in product(figures.values(), groups.reported):
        figure.want(chosen, PERCENTILES)
    for calls in _calls(log, groups):
        for timing, figure in figures.items():
            figure.keep(calls.group, calls.numbers(timing))
    return CallTimings(
        {timing: _seconds(figure, groups.all) for timing, figure in figures.items()},
        {
            timing: {kind: _seconds(figure, chosen) for kind, chosen in groups.by_kind.items()}
            for timing, figure in figures.items()
        },
        _by_profile(groups, figures[Timing.LATENCY]),
    )


@dataclass(frozen=True)
class _Calls:
    """Calls that were sent. Times are nanoseconds."""

    group: Places
    is_ok: npt.NDArray[np.bool_]
    latency: Integers
    late: Integers
    """From the intended time to the first byte; never negative."""
    waited: Integers

    def numbers(self, timing: Timing) -> Integers:
        """Returns the timing of each call."""
        match timing:
            case Timing.LATENCY:
                return self.latency
            case Timing.FROM_DUE:
                return self.late + self.latency
            case Timing.LATENESS:
                return self.late
            case Timing.LOOP_DELAY:
                delay: Integers = np.maximum(self.late - self.waited, 0)
                return delay
            case Timing.CONNECTION_WAIT:
                return self.waited


class _Groups:
    """Numbers the pairs of profile and operation, in the order in which they occur."""

    def __init__(self) -> None:
        self.numbers: dict[tuple[str, str], int] = {}
        self.acknowledged = np.zeros(0, np.int64)
        """Calls, by group."""

    def of(self, profile: str, kind: str) -> int:
        """Returns the number of a pair."""
        return self.numbers.setdefault((profile, kind), len(self.numbers))

    def count_acknowledged(self, calls: _Calls) -> None:
        """Counts the calls that succeeded."""
        counts = np.bincount(calls.group[calls.is_ok], minlength=len(self.numbers))
        counts[: len(self.acknowledged)] += self.acknowledged
        self.acknowledged = counts

    @property
    def all(self) -> Sequence[int]:
        """All groups."""
        return range(len(self.numbers))

    @property
    def by_kind(self) -> dict[str, Sequence[int]]:
        """The groups of each operation."""
        kinds = sorted({kind for _, kind in self.numbers})
        return {kind: [number for (_, of), number in self.numbers.items() if of == kind] for kind in kinds}

    @property
    def reported(self) -> list[Sequence[int]]:
        """What percentiles are reported of."""
        return [self.all, *self.by_kind.values(), *([number] for number in self.all)]


def _calls(log: EventLog, groups: _Groups) -> Iterator[_Calls]:
    """Yields the calls of the log, part by part."""
    for batch in log.row_groups((*_WORDS, *_TIMES)):
        group, is_ok = _groups_of(batch, groups)
        sent = np.flatnonzero(group >= 0)
        t, intended, waited, latency = (values_of(batch[name])[sent] for name in _TIMES)
        yield _Calls(group[sent], is_ok[sent], latency, np.maximum(t - intended, 0), waited)


def _groups_of(batch: pa.RecordBatch, groups: _Groups) -> tuple[Places, npt.NDArray[np.bool_]]:
    """Returns the group of each row, -1 where it is no call that was sent, and whether it succeeded."""
    words, meanings = combinations_of(*(batch[name] for name in _WORDS))
    group = np.full(len(meanings), -1)
    for number in np.flatnonzero(np.bincount(words)):
        profile, kind, outcome = meanings[number]
        if outcome in _SENT and kind is not None and kind != Operation.LIST:
            group[number] = groups.of(profile or "", kind)
    is_ok = np.array([outcome == Outcome.OK for *_, outcome in meanings])
    return group[words], is_ok[words]


def _seconds(figure: IntegerQuantiles, groups: Sequence[int]) -> Percentiles:
    found = figure.of(groups, PERCENTILES)
    return Percentiles(found.pop("n"), **{name: number / NANOSECONDS for name, number in found.items()})


def _by_profile(groups: _Groups, latency: IntegerQuantiles) -> pd.DataFrame:
    rows = [
        (profile, kind, found.n, int(groups.acknowledged[number]), found.p50, found.p95, found.p99)
        for (profile, kind), number in sorted(groups.numbers.items())
        for found in [_seconds(latency, [number])]
    ]
    return pd.DataFrame(rows, columns=["profile", "kind", "n", "ok", "p50", "p95", "p99"])
