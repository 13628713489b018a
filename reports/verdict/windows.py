"""Computes figures of windows of a run: of what was requested, or ended, within each window."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import pandas as pd

from loadtests.model.gates.window import Span
from loadtests.model.log.record import nanoseconds
from loadtests.model.maths.reported_percentiles import PERCENTILES
from reports.log.log import EventLog
from reports.log.quantile import quantiles

_VALUES_AT_ONCE = 4_000_000
"""Windows overlap, and each has a value of its own: many are read a few at a time."""

_SENT = "outcome IN ('ok', 'fail', 'unknown')"
_ATTEMPTS = "SELECT t, is_hit::INTEGER AS v FROM attempts"
_FIRST_ATTEMPTS = "SELECT t, is_hit::INTEGER AS v FROM attempts WHERE number = 1"
_NO_HITS = "SELECT t, 0 AS v FROM attempts"


class _FigureSource(NamedTuple):
    """The query and the aggregate of a figure."""

    values: str
    """A query for `t` (seconds of the run) and `v`; `{events}` stands for the events of the window's time."""
    aggregate: str
    """How the figure is computed from them: an SQL aggregate, or a percentile's name."""


_SOURCES: dict[str, _FigureSource] = {
    "concurrency_hits.count": _FigureSource(_ATTEMPTS, "sum(v)"),
    "concurrency_hits.first_attempts": _FigureSource(_FIRST_ATTEMPTS, "sum(v)"),
    "concurrency_hits.first_attempt_share": _FigureSource(_FIRST_ATTEMPTS, "avg(v)"),
    "concurrency_hits.persons_lost": _FigureSource(
        f"{_NO_HITS} UNION ALL SELECT t, 1 FROM persons_lost",
        "sum(v)",
    ),
    "sessions.opened": _FigureSource(f"{_NO_HITS} UNION ALL SELECT opened, 1 FROM sessions", "sum(v)"),
    "keep_alive.failed": _FigureSource(
        "SELECT t / 1e9 AS t, (outcome <> 'ok')::INTEGER AS v FROM {events}"
        " WHERE kind = 'keep_alive' AND outcome <> 'withheld'",
        "sum(v)",
    ),
    "generator.longest_stall": _FigureSource(
        "SELECT t / 1e9 AS t, value AS v FROM {events} WHERE kind = 'loop'", "max(v)"
    ),
}
_PERCENTILES_OF: dict[str, str] = {
    "keep_alive.lateness": "SELECT t / 1e9 AS t, greatest(t - intended, 0) / 1e9 AS v FROM {events}"
    " WHERE kind = 'keep_alive' AND outcome <> 'withheld'",
    "keep_alive.margin": "SELECT t, margin AS v FROM margins",
    "generator.loop_delay": "SELECT t / 1e9 AS t, greatest(t - intended - waited, 0) / 1e9 AS v FROM {events}"
    f" WHERE {_SENT} AND kind <> 'list'",
}

# A session belongs to the window in which it ended. If its end is an interval, it may belong to several.
_ENDS = """
SELECT i, count(*) AS n, count(*) FILTER (fate = $fate AND ended >= low AND ended < high) AS value,
    count(*) FILTER (fate = $fate AND end_low >= low AND end_high < high) AS least,
    count(*) FILTER ((fate = $fate AND end_high >= low AND end_low < high) OR fate = 'unobserved') AS most
FROM spans JOIN sessions ON opened < high AND coalesce(end_high, 'inf') >= low
GROUP BY i
"""


@dataclass(frozen=True)
class Sample:
    """A figure of one window."""

    span: Span
    n: int
    """Number of values, attempts, keep-alives or sessions in it. 0: nothing was measured."""
    value: float | None
    low: float
    high: float
    """Bounds of the value, given what was observed."""


def sampled(log: EventLog, log_end: float, figure: str, spans: Sequence[Span]) -> Iterator[Sample]:
    """Return `figure` in each of `spans`, which are in the order of time; reads the tables `sessions` and `margins`."""
    # The call that ends the log belongs to a window that reaches so far.
    spans = [(low, high if high < log_end else log_end + 1) for low, high in spans]
    for sample in _sampled(log, figure, spans):
        low, high = sample.span
        yield replace(sample, span=(low, min(high, log_end)))


def _sampled(log: EventLog, figure: str, spans: Sequence[Span]) -> Iterator[Sample]:
    fate = {"sessions.lost_to_idle": "expired"}.get(figure) or figure.removeprefix("sessions.fates.")
    if fate != figure:
        _put(log, spans)
        yield from _samples(spans, log.records(_ENDS, fate=fate))
        return
    source = _source(figure)
    for part in _parts(log, spans):
        within = f"t BETWEEN {nanoseconds(part[0][0])} AND {nanoseconds(part[-1][1])}"
        values = source.values.replace("{events}", f"(SELECT * FROM events WHERE {within})")
        _put(log, part)
        within = f"SELECT i, v FROM spans JOIN ({values}) AS samples ON t >= low AND t < high"
        yield from _samples(part, _aggregated(log, within, source.aggregate))


def _aggregated(log: EventLog, values: str, aggregate: str) -> Iterable[Mapping[Any, Any]]:
    """Rows by window `i`: n, value, and the value again as its bounds, least and most."""
    if aggregate in PERCENTILES:
        found = quantiles(log, values, {"value": PERCENTILES[aggregate]}, ["i"])
        return found.assign(least=found["value"], most=found["value"]).to_dict("records")
    return log.records(
        f"SELECT i, count(v) AS n, {aggregate} AS value, {aggregate} AS least, {aggregate} AS most FROM ({values}) GROUP BY i"
    )


def _source(figure: str) -> _FigureSource:
    if figure in _SOURCES:
        return _SOURCES[figure]
    group, _, which = figure.rpartition(".")
    aggregate = which if which in PERCENTILES else f"{which}(v)"
    if group in _PERCENTILES_OF:
        return _FigureSource(_PERCENTILES_OF[group], aggregate)
    call = group.removeprefix("latency.")
    return _FigureSource(
        f"SELECT t / 1e9 AS t, latency / 1e9 AS v FROM {{events}} WHERE {_SENT} AND kind = '{call}'", aggregate
    )


def _parts(log: EventLog, spans: Sequence[Span]) -> Iterator[Sequence[Span]]:
    length = spans[0][1] - spans[0][0]
    at_once = max(1, int(_VALUES_AT_ONCE * spans[-1][1] / max(1.0, log.rows * length)))
    for first in range(0, len(spans), at_once):
        yield spans[first : first + at_once]


def _put(log: EventLog, spans: Sequence[Span]) -> None:
    log.insert_table("spans", pd.DataFrame(spans, columns=["low", "high"]).rename_axis("i").reset_index())


def _samples(spans: Sequence[Span], rows: Iterable[Mapping[Any, Any]]) -> Iterator[Sample]:
    found = {int(row["i"]): row for row in rows}
    for i, span in enumerate(spans):
        row = found.get(i, {"n": 0, "value": None, "least": None, "most": None})
        least, most = (float("nan") if row[name] is None else float(row[name]) for name in ("least", "most"))
        yield Sample(span, int(row["n"]), None if row["value"] is None else float(row["value"]), least, most)
