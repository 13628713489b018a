"""What a soak came to: growth, lateness at its beginning and end, what is unexplained, and fates against the sandbox's log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from tests.integration.locust_run import Finished, misjudged, truth

from .samples import Sample
from .slope import Slope, slope
from .soak import Soaked

_WARM_SHARE = 1 / 6
"""Of the run, in which sessions arrive and pools fill: growth is looked for afterwards."""
_FIGURES = ("memory", "files", "threads")
_ENDS_SECONDS = 600.0


@dataclass(frozen=True)
class Result:
    """Figures of one soak; `faults` says what is not as it must be."""

    sessions: int
    events: int
    held: float
    """Sessions open at once, on average after the first stage."""
    hits: int
    slopes: dict[tuple[str, str], Slope]
    """By process and figure."""
    cpu: dict[str, float]
    """Cores that each process used, after the first stage."""
    late_first: float
    late_last: float
    """Seconds: lateness p99 of keep-alives in ten minutes after the first stage, and in the last ten."""
    unexplained: int
    misjudged: dict[str, tuple[str | None, str | None]]
    doubts: list[str]
    complaints: list[str]
    code: int

    @property
    def faults(self) -> list[str]:
        """What a soak must not show; empty if it is as it must be."""
        return [
            *(f"{figure} of {name} grows" for (name, figure), one in self.slopes.items() if not one.is_flat),
            *(f"{count} {what}" for count, what in self._counts() if count),
            *self.complaints,
        ]

    def _counts(self) -> Iterator[tuple[int, str]]:
        yield self.unexplained, "ends or refusals unexplained"
        yield len(self.misjudged), "fates other than the sandbox's"
        yield int(self.code not in (0, 1)), "exit codes that are no verdict of gates"


def result(soaked: Soaked) -> Result:
    """Computes it; takes about as long as the report did."""
    finished = Finished(soaked.code, "", soaked.folder, soaked.truth)
    summary = finished.summary
    fill, end = soaked.fill_seconds, soaked.seconds
    log = str(soaked.folder / "events.parquet")
    return Result(
        sessions=len(truth(soaked.truth)),
        events=_value(f"SELECT count(*) FROM '{log}'"),
        held=_held(soaked.truth, fill, end),
        hits=summary["concurrency_hits"]["count"],
        slopes=dict(_slopes(soaked.samples, end)),
        cpu=dict(_cpu(soaked.samples, fill, end)),
        late_first=_late(log, fill, fill + min(_ENDS_SECONDS, end / 4)),
        late_last=_late(log, end - min(_ENDS_SECONDS, end / 4), end),
        unexplained=_unexplained(summary),
        misjudged=misjudged(finished),
        doubts=summary["generator"]["doubts"],
        complaints=soaked.complaints,
        code=soaked.code,
    )


def _unexplained(summary: dict[str, Any]) -> int:
    return sum(len(one["sessions"]) for one in summary["findings"] if one["name"].startswith("unexplained-"))


def _slopes(samples: list[Sample], end: float) -> Iterator[tuple[tuple[str, str], Slope]]:
    for name in dict.fromkeys(sample.process for sample in samples):
        for figure in _FIGURES if name != "page" else ("memory",):
            steady = [
                (each.t, float(getattr(each, figure)))
                for each in samples
                if each.process == name and end * _WARM_SHARE <= each.t <= end
            ]
            yield (name, figure), slope(steady, max(30.0, end / 24))


def _cpu(samples: list[Sample], fill: float, end: float) -> Iterator[tuple[str, float]]:
    for name in dict.fromkeys(sample.process for sample in samples if sample.process != "page"):
        steady = [each for each in samples if each.process == name and fill <= each.t <= end]
        if len(steady) > 1:
            yield name, (steady[-1].cpu - steady[0].cpu) / (steady[-1].t - steady[0].t)


def _late(log: str, begin: float, end: float) -> float:
    return float(
        _value(
            f"SELECT coalesce(quantile_cont(t - intended, 0.99), 0) / 1e9 FROM '{log}'"
            f" WHERE kind = 'keep_alive' AND t BETWEEN {begin * 1e9:.0f} AND {end * 1e9:.0f}"
        )
    )


def _held(log: Path, fill: float, end: float) -> float:
    """By the sandbox's own log."""
    sessions = truth(log).values()
    begin = min(one["opened"] for one in sessions)
    since, until = begin + fill, begin + end
    seconds = 0.0
    for one in sessions:
        seconds += max(0.0, min(one.get("closed", until), until) - max(one["opened"], since))
    return seconds / (until - since)


def _value(query: str) -> Any:
    return duckdb.sql(query).fetchall()[0][0]
