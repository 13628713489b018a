"""Computes who held the slots: each instant of a session's life has exactly one holder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from loadtests.model.session.behaviour import GIVEN_UP
from reports.analysis.ghosts import LOST_ANSWER
from reports.log.log import EventLog
from reports.log.rows import Floats
from reports.log.time_columns import COLUMNS_ON_SCREEN, column_seconds

HOLDERS = ("active", "quiet", "closing", "leaked", "others")

# Changes of holder in the order of time; the last segment of a session ends with the session.
_SEGMENTS = f"""
WITH bounded AS (
    SELECT session, opened, least(coalesce(ended, $log_end), $log_end) AS ended, left_at, way = '{LOST_ANSWER}' AS is_lost,
        -- What the API says it does not know, its client cannot close.
        own_stop IS NOT NULL OR (ghost AND way = '{GIVEN_UP}') AS is_closed
    FROM sessions
), turns AS (
    SELECT session, opened AS t, CASE WHEN is_lost THEN 'leaked' ELSE 'active' END AS holder FROM bounded
    UNION ALL
    SELECT events.session, events.t / 1e9, CASE kind WHEN 'quiet' THEN 'quiet' ELSE 'active' END
    FROM events JOIN bounded USING (session)
    WHERE kind IN ('quiet', 'resume') AND events.t / 1e9 < coalesce(bounded.left_at, 'inf')
    UNION ALL
    SELECT session, left_at, CASE WHEN is_closed THEN 'closing' ELSE 'leaked' END
    FROM bounded WHERE left_at IS NOT NULL AND is_lost IS NOT TRUE
), spans AS (
    SELECT session, holder, t AS low, lead(t) OVER (PARTITION BY session ORDER BY t, holder) AS next FROM turns
)
SELECT spans.session, holder, low, least(coalesce(next, 'inf'), ended) AS high
FROM spans JOIN bounded USING (session)
WHERE low < least(coalesce(next, 'inf'), ended)
UNION ALL
SELECT 0, 'others', low, greatest(low, coalesce(high, $log_end)) FROM strangers
"""

_STRANGERS = """
SELECT detail AS id, min(t) FILTER (kind = 'stranger') / 1e9 AS low,
    CASE WHEN arg_max(kind, t) = 'stranger-gone' THEN max(t) / 1e9 END AS high
FROM events WHERE kind IN ('stranger', 'stranger-gone')
    AND detail NOT IN (SELECT id FROM sessions WHERE ghost UNION ALL FROM misnamed)
GROUP BY detail HAVING low IS NOT NULL
"""

# A slot whose stop is on its way may be free already, and taken by the next session: it counts only where a later list showed
# the session.
_COUNTED = """
SELECT low, high FROM segments LEFT JOIN (
    SELECT session, ghost OR seen_until > stop_answered AS lags FROM sessions
) USING (session)
WHERE holder <> 'closing' OR lags
"""

_OF_HOLDER = "SELECT low, high FROM segments WHERE holder = $holder"


@dataclass(frozen=True)
class Slots:
    """Holders of the slots over the run."""

    seconds: dict[str, float]
    """Slot-seconds by holder."""
    width: float
    """Of a chart's columns, in seconds."""
    totals: pd.DataFrame
    """By column i: `least` and `most` slots held at once by all holders, and by each holder at the moment of the most."""

    @property
    def peak(self) -> int:
        """The most slots held at once."""
        return int(self.totals["most"].max()) if len(self.totals) else 0


def build_slots(log: EventLog, log_end: float) -> Slots:
    """Computes the holders from the table `sessions`; creates the tables `strangers` and `segments`."""
    log.create_table("strangers", _STRANGERS)
    log.create_table("segments", _SEGMENTS, log_end=log_end)
    sums = log.frame("SELECT holder, sum(high - low) AS seconds FROM segments GROUP BY holder")
    width = column_seconds(log_end)
    seconds = dict.fromkeys(HOLDERS, 0.0) | dict(zip(sums["holder"], map(float, sums["seconds"]), strict=True))
    return Slots(seconds, width, _totals(log, log_end, width))


def _totals(log: EventLog, log_end: float, width: float) -> pd.DataFrame:
    """Returns the columns least, most and one for each holder, by i; the holders add up to `most`."""
    found = ranges(Spans.of(log, _COUNTED), log_end, width)
    table = found[["least", "most"]].join(held_at(log, found.pop("t"))).astype(int)
    # What closes and may be free already does not count.
    table["closing"] = table["most"] - table.drop(columns=["least", "most", "closing"]).sum(axis=1)
    return table


def ranges(spans: Spans, log_end: float, width: float) -> pd.DataFrame:
    """Returns, by column i, the least and the most slots held in it before `log_end`, and the first moment `t` of the most.

    Column by column, because the moments of a long run at once would take a hundred megabytes.
    """
    rows = []
    for i in range(COLUMNS_ON_SCREEN):
        begin, end = i * width, (i + 1) * width if i + 1 < COLUMNS_ON_SCREEN else np.inf
        if begin >= log_end:
            break
        t = np.concatenate([[begin], spans.changes(begin, min(end, log_end))])
        held = spans.at(t)
        rows.append((i, held.min(), held.max(), t[held.argmax()]))
    return pd.DataFrame(rows, columns=["i", "least", "most", "t"]).set_index("i")


def held_at(log: EventLog, moments: pd.Series) -> pd.DataFrame:
    """Returns a column for each holder: the slots it held at each of the `moments`. Needs the table `segments`."""
    t = moments.to_numpy(dtype=float)
    held = {holder: Spans.of(log, _OF_HOLDER, holder=holder).at(t) for holder in HOLDERS}
    return pd.DataFrame(held, index=moments.index)


@dataclass(frozen=True)
class Spans:
    """Times during which slots are held: when they begin and when they end, each sorted."""

    low: Floats
    high: Floats

    @classmethod
    def of(cls, log: EventLog, sql: str, **values: Any) -> Spans:
        """Those that a query returns as `low` and `high`."""
        # One after the other, because a long run has millions.
        low, high = (log.column(f"SELECT {name} FROM ({sql})", **values) for name in ("low", "high"))
        low.sort()
        high.sort()
        return cls(low, high)

    def changes(self, begin: float, end: float) -> Floats:
        """Returns the moments between `begin` and `end`, both excluded, at which one begins or ends, in their order."""
        parts = (t[np.searchsorted(t, begin, "right") : np.searchsorted(t, end)] for t in (self.low, self.high))
        return np.unique(np.concatenate(list(parts)))

    def at(self, t: Floats) -> npt.NDArray[np.intp]:
        """How many there are at each moment; one is no more at its end."""
        return np.searchsorted(self.low, t, side="right") - np.searchsorted(self.high, t, side="right")
