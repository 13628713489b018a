"""Why sessions ended before they were due: four causes, each of which predicts what all its ends have in common.

    hidden cap S         the age at the end is S
    timeout cut to S     the idle time at the end is S, whatever was asked for
    reaped early by S    the idle time at the end is what was asked for, less S
    keep-alives ignored  the end is one idle timeout after the last activity that was no keep-alive

Ends are intervals, and so is what they have in common: the S that lies in the most of them is sought. A cause is ruled out
where sessions outlived it. The one that explains most is taken, and the rest is looked at again, so that two causes in one
run are both found. Where two explain the same ends, they cannot be told apart, and are said to be so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import between
from reports.log.log import EventLog

LEAST_ENDS = 3
"""Fewer ends that agree may agree by chance, unless there are no others."""
LEAST_SHARE = 0.4
"""Of the ends that are not explained yet, a cause must explain so many."""
RIVAL_SHARE = 0.9
"""Two causes of which one explains so much of what the other does cannot be told apart."""
MOST_OUTLIVED = 0.05
"""As many sessions, for each end that it explains, may have outlived a cause."""
REST_SHARE = 0.05
"""What is left of the ends, and is no more than this, is not worth a cause of its own."""

_CLOCK_SECONDS = 0.05
_EXACT = 0.05
"""S is one number if it is known so well, relative to it."""

Mask = npt.NDArray[np.bool_]
Bounds = tuple[str, str]
"""Columns of the table of ends, between which S is."""

_ENDS = """
SELECT session, idle_timeout, end_low, end_high,
    end_low - opened AS age_low, end_high - opening AS age_high,
    greatest(end_low - greatest(reached, alive), 0) AS idle_low, end_high - alive AS idle_high,
    idle_timeout - (end_high - alive) AS early_low,
    idle_timeout - greatest(end_low - greatest(reached, alive), 0) AS early_high,
    alive > spoke_low AS is_kept_alive,
    end_low - greatest(spoke_high, spoke_low) AS silent_low, end_high - spoke_low AS silent_high,
    idle_timeout - (end_high - spoke_low) AS short_low,
    idle_timeout - (end_low - greatest(spoke_high, spoke_low)) AS short_high
FROM sessions
WHERE is_early AND NOT stopped AND NOT was_unsure AND NOT ghost AND NOT may_be_capped
    -- Where ghosts were seen, one that no list could show is reported as not found, too.
    AND NOT (vanished IS NULL AND (SELECT bool_or(ghost AND said_gone IS NOT NULL) FROM sessions))
ORDER BY session
"""

# How long each session certainly lived, and certainly was idle at a stretch without being closed. A list that shows an id given
# twice says so of neither session. A call without a usable answer may have counted as activity.
_OUTLIVED = """
WITH gaps AS (
    SELECT session, outcome, (t - max(t + latency) OVER before) / 1e9 AS pause
    FROM events WHERE outcome IN ('ok', 'unknown') AND kind IN $used
    WINDOW before AS (PARTITION BY session ORDER BY t ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
), pauses AS (SELECT session, max(pause) AS pause FROM gaps WHERE outcome = 'ok' GROUP BY session)
SELECT idle_timeout, greatest(alive, end_low) - opened AS lived,
    greatest(coalesce(pause, 0), end_low - greatest(reached, alive)) AS idled
FROM sessions LEFT JOIN pauses USING (session) WHERE NOT ghost AND NOT shares_id
"""


@dataclass(frozen=True)
class SuspectedCause:
    """What explains some of the ends."""

    name: str
    """Of the finding."""
    ends: pd.DataFrame
    """The ends that it explains."""
    low: float
    """S lies between this and `high`, in seconds; 0 where the cause has none."""
    high: float
    rivals: tuple[str, ...] = ()
    """Findings that would explain the same."""
    may_be_two: bool = False
    """Keep-alives that are ignored by a reaper that is wrong as well would explain the same."""
    may_be_unheard: bool = False
    """Each end is one idle timeout after the session was opened, so calls without effect would explain the same."""

    @property
    def length(self) -> str:
        """S, as well as it is known: "50 s", or "1 min 20 s to 1 min 40 s"."""
        middle = (self.low + self.high) / 2
        if self.high - self.low <= _EXACT * middle:
            return format_duration(middle)
        return between(self.low, self.high, format_duration)


@dataclass(frozen=True)
class EndFit:
    """How well a cause would fit the ends that none was accepted for."""

    name: str
    """Of the finding."""
    explained: int
    outlived: int
    """Sessions that outlived the cause."""


@dataclass(frozen=True)
class Causes:
    """Every early end, explained or not."""

    found: tuple[SuspectedCause, ...]
    unexplained: pd.DataFrame
    rejected: tuple[EndFit, ...] = ()
    """The causes tried on the unexplained ends."""

    def of(self, name: str) -> SuspectedCause | None:
        """The cause of that name; None: it was not found."""
        return next((cause for cause in self.found if cause.name == name), None)

    def rivalled(self, name: str) -> SuspectedCause | None:
        """A cause that was found, from which that of `name` cannot be told apart."""
        return next((cause for cause in self.found if name in cause.rivals), None)


@dataclass(frozen=True)
class _Fit:
    name: str
    mask: Mask
    low: float
    high: float

    @property
    def n(self) -> int:
        return int(self.mask.sum())


def attribute(log: EventLog) -> Causes:
    """The causes of the early ends, out of the events and the table `sessions`."""
    rest = log.frame(_ENDS)
    if rest.empty:
        return Causes((), rest)
    used = ["new", *(operation.value for operation in log.manifest.description.activity)]
    log.create_table("outlived", _OUTLIVED, used=used)
    total = len(rest)
    found: list[SuspectedCause] = []
    while len(rest) > REST_SHARE * total or not found:
        enough = max(LEAST_SHARE * len(rest), min(LEAST_ENDS, total))
        fits = [fit for fit in _fits(log, rest) if not _is_outlived(log, fit)]
        # Two causes at once explain whatever one of them explains: they are taken when none does alone.
        doubles = _ignored_and_more(rest)
        best = _best(fits, enough) or _best(doubles, enough)
        if best is None:
            break
        _add(found, _suspected(best, rest[best.mask], fits, doubles, log.manifest.tolerance))
        rest = rest[~best.mask]
    rejected = (EndFit(fit.name, fit.n, _outliving(log, fit)) for fit in _fits(log, rest)) if len(rest) else ()
    return Causes(tuple(found), rest, tuple(rejected))


def _suspected(
    best: _Fit, ends: pd.DataFrame, fits: list[_Fit], doubles: list[_Fit], tolerance: float
) -> SuspectedCause:
    """The cause of `ends`, with what would explain them as well."""
    return SuspectedCause(
        best.name,
        ends,
        best.low,
        best.high,
        tuple(fit.name for fit in fits if fit is not best and _is_rival(fit, best)),
        may_be_two=best.name != "keepalive-ignored" and any(_is_rival(fit, best) for fit in doubles),
        may_be_unheard=best.name == "hidden-duration-cap" and bool(_ended_as_if_unused(ends, tolerance).all()),
    )


def _add(found: list[SuspectedCause], cause: SuspectedCause) -> None:
    """Another cause; or more ends of one that was found."""
    for place, known in enumerate(found):
        if known.name == cause.name == "keepalive-ignored":
            found[place] = replace(known, ends=pd.concat([known.ends, cause.ends]))
            return
    found.append(cause)


def _best(fits: list[_Fit], enough: float) -> _Fit | None:
    most = max((fit.n for fit in fits), default=0)
    # Of those that explain nearly the same, the first.
    return next((fit for fit in fits if fit.n >= max(enough, RIVAL_SHARE * most, 1)), None)


def _fits(log: EventLog, ends: pd.DataFrame) -> list[_Fit]:
    return [_ignored(ends, log.manifest.tolerance), *(_fitted(log, name, ends, bounds) for name, bounds in _COMMON)]


def _ignored(ends: pd.DataFrame, tolerance: float) -> _Fit:
    """Keep-alives ignored, and nothing else: the end is when it was due without them."""
    is_due = (ends["short_low"] <= tolerance) & (ends["short_high"] >= -tolerance)
    return _Fit("keepalive-ignored", (ends["is_kept_alive"] & is_due).to_numpy(dtype=bool), 0.0, 0.0)


def _ended_as_if_unused(ends: pd.DataFrame, tolerance: float) -> Mask:
    """Which sessions ended one idle timeout after they were opened, whatever was called in between."""
    idle = ends["idle_timeout"]
    is_so = (ends["age_low"] - tolerance <= idle) & (idle <= ends["age_high"] + tolerance)
    return is_so.to_numpy(dtype=bool)


def _ignored_and_more(ends: pd.DataFrame) -> list[_Fit]:
    """Keep-alives ignored by a reaper that is wrong as well: early or late by a fixed time, or with a cut timeout."""
    kept_alive = ends["is_kept_alive"].to_numpy(dtype=bool)
    if not kept_alive.any():
        return []
    fits = []
    for bounds in (("short_low", "short_high"), ("silent_low", "silent_high")):
        low, high = _widened(ends, bounds)
        first, _ = most_common(low[kept_alive], high[kept_alive])
        fits.append(_Fit("keepalive-ignored", kept_alive & (low <= first) & (first <= high), 0.0, 0.0))
    return fits


_COMMON: tuple[tuple[str, Bounds], ...] = (
    ("timeout-clamped", ("idle_low", "idle_high")),
    ("hidden-duration-cap", ("age_low", "age_high")),
    ("early-reap", ("early_low", "early_high")),
)


def _fitted(log: EventLog, name: str, ends: pd.DataFrame, bounds: Bounds) -> _Fit:
    low, high = _widened(ends, bounds)
    # The end that only a refused call shows lies in a wide interval, most of which other sessions rule out.
    least, most = _not_outlived(log, name, int(MOST_OUTLIVED * len(ends)))
    low, high = np.maximum(low, least), np.minimum(high, most)
    possible = low <= high
    if not possible.any():
        return _Fit(name, possible, 0.0, 0.0)
    first, last = most_common(low[possible], high[possible])
    return _Fit(name, possible & (low <= first) & (first <= high), max(first, 0.0), max(last, 0.0))


def _widened(ends: pd.DataFrame, bounds: Bounds) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    low, high = (ends[column].to_numpy(dtype=float) for column in bounds)
    return low - _CLOCK_SECONDS, high + _CLOCK_SECONDS


def most_common(low: npt.NDArray[np.float64], high: npt.NDArray[np.float64]) -> tuple[float, float]:
    """The stretch that lies in the most of the intervals [low, high].

    >>> most_common(np.array([1.0, 2.0, 9.0]), np.array([4.0, 3.0, 9.5]))
    (2.0, 3.0)
    """
    edges = np.concatenate([low, high])
    steps = np.concatenate([np.ones_like(low), -np.ones_like(high)])
    # Where one interval ends as another begins they have that point in common: beginnings first.
    order = np.lexsort((-steps, edges))
    # The last edge ends an interval, so the maximum is never there, unless an interval is inverted.
    place = min(int(np.argmax(np.cumsum(steps[order]))), len(order) - 2)
    return float(edges[order[place]]), float(edges[order[place + 1]])


def _is_rival(fit: _Fit, best: _Fit) -> bool:
    return int((fit.mask & best.mask).sum()) >= RIVAL_SHARE * best.n


# Each is tested with that end of S's interval which the fewest sessions outlive: a reaper that is early by more allows less.
_OUTLIVES: dict[str, str] = {
    "hidden-duration-cap": "lived > s.high + $tolerance",
    "timeout-clamped": "idle_timeout > s.high AND idled > s.high + $tolerance",
    # A reaper that is early by more than was asked for closes at once, or nearly so.
    "early-reap": "idled > greatest(idle_timeout - s.low, 0.1 * idle_timeout) + $tolerance AND idled < idle_timeout",
}


# The S beyond which, by the tolerance, each session lived on: least or most S, those that allow least first.
_ALLOWS: dict[str, str] = {
    "hidden-duration-cap": "SELECT lived - $tolerance AS s FROM outlived ORDER BY s DESC",
    "timeout-clamped": "SELECT least(idled, idle_timeout) - $tolerance AS s FROM outlived ORDER BY s DESC",
    "early-reap": "SELECT idle_timeout - idled + $tolerance AS s FROM outlived"
    " WHERE idled > 0.1 * idle_timeout + $tolerance AND idled < idle_timeout ORDER BY s",
}


def _not_outlived(log: EventLog, name: str, exceptions: int) -> tuple[float, float]:
    """Returns the least and the most S that so few sessions outlived."""
    rows = log.records(f"{_ALLOWS[name]} LIMIT 1 OFFSET {exceptions}", tolerance=log.manifest.tolerance)
    limit = next((float(row["s"]) for row in rows if row["s"] is not None), None)
    if limit is None:
        return -np.inf, np.inf
    # As wide as the intervals of the ends.
    return (-np.inf, limit + _CLOCK_SECONDS) if name == "early-reap" else (limit - _CLOCK_SECONDS, np.inf)


def _is_outlived(log: EventLog, fit: _Fit) -> bool:
    return _outliving(log, fit) > MOST_OUTLIVED * fit.n


def _outliving(log: EventLog, fit: _Fit) -> int:
    """Returns how many sessions outlived the cause, wherever between `low` and `high` its S is."""
    condition = _OUTLIVES.get(fit.name)
    if condition is None or not fit.n:
        return 0
    query = f"SELECT count(*) AS n FROM outlived, (SELECT $low AS low, $high AS high) AS s WHERE {condition}"
    return int(log.row(query, low=fit.low, high=fit.high, tolerance=log.manifest.tolerance)["n"])
