"""The account over a watch: open sessions, their ages, what was opened and closed, and the alerts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from loadtests.model.run.watch_terms import WatchTerms
from loadtests.model.text.units import format_duration
from reports.log.log import EventLog
from reports.log.time_columns import COLUMNS_ON_SCREEN
from reports.watch.spans import ages_at, endings, read_spans

_LOOKS = """
SELECT t / 1e9 AS t, (t + latency) / 1e9 AS answered, outcome = 'ok' AS ok, reason FROM events WHERE kind = 'list' ORDER BY t
"""
_CLOCK_SLACK_SECONDS = 5.0
"""created_at is in whole seconds, by the API's clock."""
_MOST_LISTED = 50
"""Sessions in the table of the oldest."""


@dataclass(frozen=True)
class AlertPeriod:
    """An alert from when it was raised until it was resolved, in seconds of the watch."""

    name: str
    raised: float
    resolved: float | None
    value: float
    """The figure that raised it, in sessions or seconds."""


@dataclass(frozen=True)
class WatchedAccount:
    """What a watch saw. Durations are in seconds; None: unknown."""

    terms: WatchTerms
    looks: int
    lists: int
    """Looks that got a list."""
    failures: dict[str, int]
    """Looks that got none, by reason."""
    longest_gap: float
    """The longest time without a list."""
    opened: int
    closed: int
    returned: int
    before: int
    """Sessions that were open when the watch began."""
    peak: int | None
    open_at_end: int | None
    oldest_at_end: float | None
    median_age_at_end: float | None
    longer_than_idle: int | None
    """At the end."""
    longer_than_cap: int | None
    durations: dict[str, float | None]
    """Median, p90 and longest duration of the sessions that ended."""
    endings: dict[str, int]
    alerts: list[AlertPeriod]
    course: pd.DataFrame = field(repr=False)
    """At up to 401 moments t: `oldest` and `median` age; how many were `opened` and `closed` since the moment before; `open`: the
    most sessions open at once until the next moment."""
    oldest: list[dict[str, Any]] = field(repr=False)
    """The oldest open sessions at the end."""

    @property
    def headline(self) -> list[tuple[str, str]]:
        """The figures that come first, each with its name."""
        oldest = format_duration(self.oldest_at_end) if self.oldest_at_end is not None else "–"
        return [
            (_shown(self.open_at_end), "open at the end"),
            (_shown(self.peak), "peak"),
            (oldest, "oldest at the end"),
            (f"{self.opened:,}", "opened"),
            (f"{self.closed:,}", "closed"),
            (f"{self.lists:,} of {self.looks:,}", "looks with a list"),
        ]

    def as_dict(self) -> dict[str, Any]:
        """The part `watch` of summary.json."""
        parts = {name: getattr(self, name) for name in _FIGURES}
        return {**parts, "alerts": [vars(alert) for alert in self.alerts], "oldest_sessions": self.oldest}


_FIGURES = (
    *("looks", "lists", "failures", "longest_gap", "opened", "closed", "returned", "before", "peak", "open_at_end"),
    *("oldest_at_end", "median_age_at_end", "longer_than_idle", "longer_than_cap", "durations", "endings"),
)


def read_account(log: EventLog, log_end: float) -> WatchedAccount:
    """Evaluates the log of a watch of `log_end` seconds."""
    terms = log.manifest.watch
    assert terms is not None
    spans = read_spans(log)
    looks = log.frame(_LOOKS)
    lists = looks.loc[looks["ok"], "t"].to_numpy()
    first = float(looks.loc[looks["ok"], "answered"].iloc[0]) if len(lists) else None
    is_read = first is not None
    # In the first list, or listed late: it was created before.
    before = (spans["seen"] <= (first or 0.0)) | (spans["began"] < (first or 0.0) - _CLOCK_SLACK_SECONDS)
    ages = ages_at(spans, log_end)
    ended = spans[spans["gone"].notna()]
    return WatchedAccount(
        terms=terms,
        looks=len(looks),
        lists=len(lists),
        failures={str(reason): int(n) for reason, n in looks.loc[~looks["ok"], "reason"].value_counts().items()},
        longest_gap=float(np.diff([0.0, *lists, log_end]).max()),
        opened=int((~before).sum()) if is_read else 0,
        closed=len(ended),
        returned=int(spans["returned"].sum()),
        before=int(before.sum()),
        peak=int(_levels(spans)[1].max(initial=0)) if is_read else None,
        open_at_end=len(ages) if is_read else None,
        oldest_at_end=_or_none(ages.max() if len(ages) else None),
        median_age_at_end=_or_none(np.median(ages) if len(ages) else None),
        longer_than_idle=_longer(ages, terms.idle) if is_read else None,
        longer_than_cap=_longer(ages, terms.cap) if is_read else None,
        durations=_durations(ended),
        endings=endings(spans, log.manifest),
        alerts=_alerts(log),
        course=_course(spans, before, first, log_end),
        oldest=_oldest(spans, log_end),
    )


def _levels(spans: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Returns when the number of open sessions changes, in order, and the number from then on."""
    times = np.concatenate([spans["seen"].to_numpy(), spans["gone"].dropna().to_numpy()])
    changes = np.concatenate([np.ones(len(spans)), -np.ones(len(times) - len(spans))])
    moments, place = np.unique(times, return_inverse=True)
    return moments, np.cumsum(np.bincount(place, changes, len(moments))).astype(int)


def _most_from(levels: tuple[np.ndarray, np.ndarray], moments: np.ndarray) -> list[int]:
    """Returns the most sessions open at once from each moment to the next."""
    times, numbers = levels
    bounds = np.searchsorted(times, moments, side="right")
    ends = [*bounds[1:], len(times)]
    return [
        int(numbers[max(0, low - 1) : max(low, high)].max(initial=0)) for low, high in zip(bounds, ends, strict=True)
    ]


def _longer(ages: np.ndarray, expected: float | None) -> int | None:
    return None if expected is None else int((ages > expected).sum())


def _durations(ended: pd.DataFrame) -> dict[str, float | None]:
    lasted = (ended["gone"] - ended["began"])[ended["is_dated"]]
    return {
        "p50": _or_none(lasted.quantile(0.5) if len(lasted) else None),
        "p90": _or_none(lasted.quantile(0.9) if len(lasted) else None),
        "max": _or_none(lasted.max() if len(lasted) else None),
    }


def _course(spans: pd.DataFrame, before: pd.Series, first: float | None, log_end: float) -> pd.DataFrame:
    """The account at moments of equal distance, beginning with `first`: when the first list was answered."""
    if first is None:
        return pd.DataFrame(columns=["t", "open", "oldest", "median", "opened", "closed"])
    moments = np.linspace(first, log_end, COLUMNS_ON_SCREEN + 1) if log_end > first else np.array([first])
    opened = np.searchsorted(np.sort(spans.loc[~before, "seen"].to_numpy()), moments, side="right")
    closed = np.searchsorted(np.sort(spans["gone"].dropna().to_numpy()), moments, side="right")
    rows = []
    for t in moments:
        ages = ages_at(spans, t)
        rows.append((t, ages.max() if len(ages) else np.nan, np.median(ages) if len(ages) else np.nan))
    course = pd.DataFrame(rows, columns=["t", "oldest", "median"])
    return course.assign(
        open=_most_from(_levels(spans), moments), opened=np.diff(opened, prepend=0), closed=np.diff(closed, prepend=0)
    )


def _alerts(log: EventLog) -> list[AlertPeriod]:
    found: list[AlertPeriod] = []
    active: dict[str, int] = {}
    for row in log.records(
        "SELECT t / 1e9 AS t, kind, value, detail FROM events WHERE kind IN ('alert', 'alert-resolved') ORDER BY t"
    ):
        if row["kind"] == "alert":
            active[row["detail"]] = len(found)
            found.append(AlertPeriod(row["detail"], row["t"], None, row["value"]))
        elif (at := active.pop(row["detail"], None)) is not None:
            was = found[at]
            found[at] = AlertPeriod(was.name, was.raised, row["t"], was.value)
    return found


def _oldest(spans: pd.DataFrame, log_end: float) -> list[dict[str, Any]]:
    left = spans[spans["gone"].isna()].nsmallest(_MOST_LISTED, "began")
    return [
        {"id": str(row["id"]), "age": float(log_end - row["began"]), "is_dated": bool(row["is_dated"])}
        for row in left.to_dict("records")
    ]


def _shown(number: int | None) -> str:
    return "–" if number is None else f"{number:,}"


def _or_none(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)
