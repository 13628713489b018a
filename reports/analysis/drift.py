"""Measures whether latency drifted: a percentile over the run, its slope, and the end of the warm-up.

Each latency is divided by the percentile of its kind of call, so that a changing mix of calls is not a drift. Percentiles are
computed from counts in log-spaced buckets, exact to 2 %.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from loadtests.model.gates.figure import DRIFTING
from loadtests.model.maths.histogram import LOG_RATIO
from reports.log.log import EventLog

MOST_BINS = 60
LEAST_BINS = 10
LEAST_CALLS = 5
"""Least calls of a bin for a median; a 95th percentile needs 20, a 99th percentile 100."""
LOAD_RISE = 1.25
"""If the request rate rose by this factor as well, the load may be the reason."""

_OF_ALL, _OF_ONE = 0.95, 0.998
"""Confidence of the slope's interval: of all calls together, and of one kind of several."""

Values = npt.NDArray[np.float64]

_KINDS = ("new", "start", "task", "keep_alive", "stop")
_ANSWERED = "FROM events WHERE outcome = 'ok' AND kind IN (SELECT unnest($kinds)) AND t / 1e9 < $end"
_CALLS = f"SELECT count(*) AS n {_ANSWERED}"
_COUNTS = f"""
SELECT kind, floor(t / 1e9 / $width)::INTEGER AS bin, floor(ln(greatest(latency, 1)) / {LOG_RATIO})::INTEGER AS bucket,
    count(*)::INTEGER AS n
{_ANSWERED} GROUP BY ALL
"""

# The bucket of each kind's percentile, then that of each bin relative to it.
_COURSE = """
WITH kinds AS (
    SELECT kind, bucket, sum(sum(n)) OVER (PARTITION BY kind ORDER BY bucket) AS below, sum(sum(n)) OVER (PARTITION BY kind) AS n
    FROM drift_counts WHERE kind IN (SELECT unnest($kinds)) GROUP BY kind, bucket
), usual AS (SELECT kind, min(bucket) FILTER (below >= n * $share) AS middle, any_value(n) AS n FROM kinds GROUP BY kind),
relative AS (
    SELECT bin, bucket - middle AS distance, sum(drift_counts.n) AS n FROM drift_counts JOIN usual USING (kind) GROUP BY ALL
), sums AS (
    SELECT bin, distance, sum(n) OVER (PARTITION BY bin ORDER BY distance) AS below, sum(n) OVER (PARTITION BY bin) AS n
    FROM relative
)
SELECT bin, min(distance) FILTER (below >= n * $share) AS distance, any_value(n)::INTEGER AS n FROM sums GROUP BY bin ORDER BY bin
"""

_MAIN_KIND = """
WITH sums AS (
    SELECT kind, bucket, sum(sum(n)) OVER (PARTITION BY kind ORDER BY bucket) AS below, sum(sum(n)) OVER (PARTITION BY kind) AS n
    FROM drift_counts WHERE kind IN (SELECT unnest($kinds)) GROUP BY kind, bucket
)
SELECT kind, any_value(n) AS n, min(bucket) FILTER (below >= n * $share) AS middle FROM sums
GROUP BY kind ORDER BY n DESC, kind LIMIT 1
"""


@dataclass(frozen=True)
class Drift:
    """A drift of latency; shares are relative to the usual latency of each call."""

    slope: float
    """Per second, Theil–Sen estimate."""
    slope_low: float
    slope_high: float
    """The bounds of its interval."""
    confidence: float
    """Of that interval."""
    rise: float
    """From the median of the first quarter after the warm-up to that of the last."""
    seconds: float
    """The same in seconds of the most frequent call."""
    kind: str
    """The most frequent call."""
    kinds: tuple[str, ...]
    """The calls that were looked at."""
    warm_up: float
    """Seconds at the start that are excluded."""
    end: float
    load_rise: float
    """Ratio of answers in the last quarter to those in the first."""


@dataclass(frozen=True)
class _Counts:
    """The table `drift_counts` of a log: answers by call, stretch of time, and latency."""

    log: EventLog
    end: float
    share: float
    """The quantile that is looked at."""
    width: float
    """Of a stretch, in seconds."""
    least: int
    """Calls that a stretch needs for that quantile."""


def drift_of(log: EventLog, end: float, figure: str) -> Drift | None:
    """Returns the drift of a figure such as `latency.task.p95` up to second `end` of the run; None if there are too few calls."""
    kind, share = DRIFTING[figure]
    return next(build_drifts(log, end, (kind,), share), None)


def build_drifts(log: EventLog, end: float, kinds: tuple[str, ...] = _KINDS, share: float = 0.5) -> Iterator[Drift]:
    """Yields the drift of the `share` quantile up to second `end` of the run: that of all calls, then that of each kind.

    Nothing where there are too few calls. The intervals of a kind are wider, because so many are looked at.
    """
    counts = _count(log, end, kinds, share)
    if counts is None:
        return
    of_all = _measure(counts, kinds, _OF_ALL)
    if of_all is None:
        return
    yield of_all
    for kind in kinds if len(kinds) > 1 else ():
        drift = _measure(counts, (kind,), _OF_ONE)
        if drift is not None:
            yield drift


def _count(log: EventLog, end: float, kinds: tuple[str, ...], share: float) -> _Counts | None:
    least = max(LEAST_CALLS, math.ceil(1 / min(share, 1 - share) - 1e-6))
    calls = int(log.row(_CALLS, end=end, kinds=list(kinds))["n"])
    if calls < LEAST_BINS * 2 * least:
        return None
    width = max(end / min(MOST_BINS, calls // (2 * least)), 1e-9)
    log.create_table("drift_counts", _COUNTS, width=width, end=end, kinds=list(kinds))
    return _Counts(log, end, share, width, least)


def _measure(counted: _Counts, kinds: tuple[str, ...], confidence: float) -> Drift | None:
    log, share, width = counted.log, counted.share, counted.width
    over_time = log.frame(_COURSE, share=share, kinds=list(kinds))
    over_time = over_time[over_time["n"] >= counted.least]
    if len(over_time) < LEAST_BINS:
        return None
    t = (over_time["bin"].to_numpy(dtype=float) + 0.5) * width
    relative = np.exp(over_time["distance"].to_numpy(dtype=float) * LOG_RATIO)
    counts = over_time["n"].to_numpy(dtype=float)
    first = warm_up(relative)
    t, relative, counts = t[first:], relative[first:], counts[first:]
    slope, low, high = theil_sen(t, relative, confidence)
    quarter = max(1, len(t) // 4)
    rise = float(np.median(relative[-quarter:]) - np.median(relative[:quarter]))
    main = log.row(_MAIN_KIND, share=share, kinds=list(kinds))
    usual = math.exp(float(main["middle"]) * LOG_RATIO) / 1e9
    load = float(counts[-quarter:].mean() / counts[:quarter].mean())
    warm = float(t[0] - width / 2)
    return Drift(slope, low, high, confidence, rise, rise * usual, str(main["kind"]), kinds, warm, counted.end, load)


def theil_sen(x: Values, y: Values, confidence: float = 0.95) -> tuple[float, float, float]:
    """Returns the median of the slopes between all pairs of points, with Sen's interval of that confidence.

    Sen 1968, "Estimates of the regression coefficient based on Kendall's tau", J. Am. Stat. Assoc. 63:1379-1389, doi
    10.1080/01621459.1968.10480934: the interval is that of the ranks around the middle of the ordered slopes.
    """
    i, j = np.triu_indices(len(x), k=1)
    slopes = np.sort((y[j] - y[i]) / (x[j] - x[i]))
    n = len(x)
    spread = NormalDist().inv_cdf((1 + confidence) / 2) * math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    low = max(0, math.floor((len(slopes) - spread) / 2))
    high = min(len(slopes) - 1, math.ceil((len(slopes) + spread) / 2))
    return float(np.median(slopes)), float(slopes[low]), float(slopes[high])


def warm_up(y: Values) -> int:
    """Returns how many points at the start are warm-up: the number that minimises the standard error of the rest's mean.

    MSER: White 1997, "An effective truncation heuristic for bias reduction in simulation output", Simulation 69:323-334, doi
    10.1177/003754979706900601. At most a third of the points, so that a drift is not mistaken for a warm-up.
    """
    n = len(y)
    errors = [float(np.var(y[first:])) / (n - first) for first in range(n // 3 + 1)]
    return int(np.argmin(errors))
