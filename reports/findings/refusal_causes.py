"""Why the API refused for its limit although fewer sessions can have been open: three causes, each tried on all such refusals.

    lag after stops       a stopped session holds its slot for up to d seconds more, while the list no longer shows it
    lag after all ends    so does a session that ended in any way
    a lower limit         the account takes fewer sessions, all the time or in some periods

`refusals.at_most` bounds the slots from above, so a refusal below the limit is never chance: only a session that no list showed
can explain it. The smallest d, and the largest lower limit, that explain nearly all are sought. A lag is ruled out by grants: a
`new` that was granted although, with that lag, no slot was free. A lower limit is ruled out by moments at which more were open.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from loadtests.model.text.wording import count
from reports.findings.occupancy import MAY_HOLD_UNTIL, Occupancy, counted
from reports.log.log import EventLog

LEAST_REFUSALS = 2
"""Refusals below the limit that a finding needs: a single one may be due to a session that was open between two polls."""
EXPLAINS = 0.9
"""Share of the refusals that a cause must explain."""
MOST_CONTRADICTED = 0.1
"""Share of the informative grants that may contradict a cause."""
_USUAL_LAG_SECONDS = 10.0
"""A longer lag must not be contradicted at all, where a lower limit in some periods explains the same."""
LONGEST_LAG_SECONDS = 60.0
"""A longer lag is not taken for one."""
_REFUSALS_A_PERIOD = 4
"""Refusals, on average, that a period of a lower limit must have."""
_SIMPLER = 1.5
"""A lag after stops alone is preferred to one after all ends up to this factor of its length."""

Array = npt.NDArray[np.float64]

_ENDS = f"""
SELECT end_low, high, stopped FROM (SELECT *, {MAY_HOLD_UNTIL} AS high FROM sessions) WHERE high IS NOT NULL ORDER BY high
"""
# Sessions that certainly held a slot when a `new` was granted, beside the new one.
_GRANTS = f"""
WITH granted AS (SELECT t, answered FROM attempts WHERE outcome = 'ok'),
begun AS ({counted("SELECT opened AS t FROM sessions WHERE end_low > opened")}),
ended AS ({counted("SELECT end_low AS t FROM sessions WHERE end_low > opened")})
SELECT granted.t, granted.answered, (coalesce(begun.n, 0) - coalesce(ended.n, 0))::DOUBLE AS held
FROM granted ASOF LEFT JOIN begun ON begun.t <= granted.t ASOF LEFT JOIN ended ON ended.t < granted.answered
ORDER BY granted.t
"""


class Cause(StrEnum):
    """A cause of refusals below the limit."""

    LOWER_LIMIT = "a lower limit"
    LAG_AFTER_STOPS = "a slot lag after stops"
    LAG_AFTER_ENDS = "a slot lag after any end"
    PERIODS = "a lower limit in some periods"


@dataclass(frozen=True)
class RefusalFit:
    """One cause, and how well it fits."""

    cause: Cause
    what: str
    """The cause with its best value: "a slot lag of up to 3 s after stops"."""
    value: float
    """Seconds of a lag; a limit."""
    explained: int
    """Refusals that it explains."""
    contradicted: int
    """Grants that rule it out, of `informative`."""
    informative: int

    def fits(self, n: int) -> bool:
        """Whether it explains nearly all of `n` refusals, and nearly no grant contradicts it."""
        return self.explained >= EXPLAINS * n and self.contradicted <= MOST_CONTRADICTED * self.informative


@dataclass(frozen=True)
class RefusalCauses:
    """The refusals with fewer sessions open than the limit, and what would explain them."""

    rows: pd.DataFrame
    """Columns session, sent, answered, at_most."""
    fits: tuple[RefusalFit, ...]

    @property
    def n(self) -> int:
        """How many refusals."""
        return len(self.rows)

    @property
    def interval(self) -> tuple[float, float]:
        """From the first to the last, in seconds of the run."""
        return float(self.rows["sent"].min()), float(self.rows["answered"].max())

    @property
    def named(self) -> RefusalFit | None:
        """The cause that alone explains them; None: there is none."""
        fitting = {fit.cause: fit for fit in self.fits if fit.fits(self.n)}
        stops, ends = fitting.get(Cause.LAG_AFTER_STOPS), fitting.get(Cause.LAG_AFTER_ENDS)
        if ends and stops and stops.value <= _SIMPLER * ends.value + 1:
            ends = None
        lag, periods = ends or stops, fitting.get(Cause.PERIODS)
        if lag and periods and lag.value > _USUAL_LAG_SECONDS and lag.contradicted and not periods.contradicted:
            lag = None
        # With a lag, more than any lower limit are open at times: a limit that nothing ever exceeded is the better cause.
        return fitting.get(Cause.LOWER_LIMIT) or lag or periods


def explain_refusals(log: EventLog, occupancy: Occupancy, limit: int) -> RefusalCauses:
    """Returns the refusals that the rules and the list do not account for; needs the tables `refusals` and `sessions`."""
    rows = log.frame(
        "SELECT session, sent, answered, at_most FROM refusals WHERE at_most < $limit ORDER BY sent", limit=limit
    )
    if rows.empty:
        return RefusalCauses(rows, ())
    ends, grants = log.frame(_ENDS), log.frame(_GRANTS)
    lags = (
        _lag(cause, rows, grants, ends[ends["stopped"]] if cause is Cause.LAG_AFTER_STOPS else ends, limit)
        for cause in (Cause.LAG_AFTER_STOPS, Cause.LAG_AFTER_ENDS)
    )
    fits = [fit for fit in (*lags, _lower_limit(rows, grants, occupancy.peak, limit)) if fit]
    return RefusalCauses(rows, tuple(fits))


def _lag(cause: Cause, rows: pd.DataFrame, grants: pd.DataFrame, ends: pd.DataFrame, limit: int) -> RefusalFit | None:
    """The lag that explains nearly all: so many of the last ends before a refusal must still have held their slots."""
    needed = _since(ends["high"].to_numpy(), rows["sent"], limit - rows["at_most"])
    within = needed[needed <= LONGEST_LAG_SECONDS]
    if not within.size:
        return None
    seconds = float(np.quantile(within, min(1.0, EXPLAINS * len(needed) / within.size), method="higher"))
    allowed = _since(np.sort(ends["end_low"].to_numpy()), grants["answered"], limit - grants["held"])
    allowed = allowed[np.isfinite(allowed)]
    return RefusalFit(
        cause,
        f"{cause} of up to {seconds:.1f} s",
        seconds,
        int((needed <= seconds).sum()),
        int((allowed < seconds - 0.05).sum()),
        allowed.size,
    )


def _since(ends: Array, moments: Any, missing: Any) -> Array:
    """Returns how long before each moment the `missing`-th last of `ends` was; infinite where there are not so many."""
    at = np.asarray(moments, dtype=float)
    place = np.searchsorted(ends, at) - np.maximum(np.asarray(missing, dtype=int), 1)
    found = at - ends[np.maximum(place, 0)] if len(ends) else np.full(len(at), np.inf)
    return np.where(place >= 0, found, np.inf)


def _lower_limit(rows: pd.DataFrame, grants: pd.DataFrame, peak: int, limit: int) -> RefusalFit | None:
    """The limit that the refusals agree on, and the periods in which no grant exceeded it."""
    lower = int(np.quantile(rows["at_most"], 1 - EXPLAINS, method="lower"))
    if lower < 1 or lower >= limit:
        return None
    exceeding = grants.loc[grants["held"] + 1 > lower, "t"].to_numpy()
    # A period ends where a grant between two refusals exceeds the limit.
    between = np.searchsorted(exceeding, rows["sent"].to_numpy())
    periods = 1 + int((np.diff(between) > 0).sum())
    # Where grants and refusals alternate, the limit is not what changes.
    alternations = periods if periods * _REFUSALS_A_PERIOD > len(rows) else 0
    always = peak <= lower
    return RefusalFit(
        Cause.LOWER_LIMIT if always else Cause.PERIODS,
        f"a limit of {lower}" if always else f"a limit of {lower} in {count(periods, 'period')}",
        lower,
        int((rows["at_most"] >= lower).sum()),
        0 if always else alternations,
        len(rows),
    )
