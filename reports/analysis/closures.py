"""How sessions ended, hour by hour: the closure patterns of a recording."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from loadtests.model.log.fate import FATES
from reports.log.log import EventLog

MOST_HOURS = 24 * 31

_HOURS = """
WITH hours AS (
    SELECT floor((t + $zero) / 3600) AS hour, kind FROM (
        SELECT opened AS t, 'opened' AS kind FROM sessions
        UNION ALL SELECT ended, fate FROM sessions WHERE ended IS NOT NULL
        UNION ALL SELECT t, 'hits' FROM hits
    )
)
SELECT hour, kind, count(*) AS n FROM hours GROUP BY hour, kind ORDER BY hour
"""


@dataclass(frozen=True)
class Closures:
    """The ends of a recording's sessions."""

    hours: list[dict[str, Any]]
    """By hour of the day in UTC: `hour`, `opened`, `hits`, and `ends` by fate."""
    open: int
    """Sessions without an end."""
    missing: int
    """Calls that could not be recorded."""

    def as_dict(self) -> dict[str, Any]:
        """The part `recording` of summary.json."""
        return {"open": self.open, "missing_calls": self.missing, "hours": self.hours}


def build_closures(log: EventLog) -> Closures:
    """Count what began and ended in each hour; needs the tables `sessions` and `hits`."""
    by_hour: dict[float, dict[str, int]] = {}
    for row in log.records(_HOURS, zero=log.manifest.started_unix):
        by_hour.setdefault(float(row["hour"]), {})[row["kind"]] = int(row["n"])
    hours = [_hour(hour, counts) for hour, counts in sorted(by_hour.items())[-MOST_HOURS:]]
    still = log.row("SELECT count(*) AS n FROM sessions WHERE ended IS NULL")["n"]
    missing = log.row("SELECT coalesce(sum(value), 0) AS n FROM events WHERE kind = 'gap'")["n"]
    return Closures(hours, int(still), int(missing))


def _hour(hour: float, counts: dict[str, int]) -> dict[str, Any]:
    return {
        "hour": datetime.fromtimestamp(hour * 3600, UTC).isoformat(timespec="minutes"),
        "opened": counts.get("opened", 0),
        "hits": counts.get("hits", 0),
        "ends": {fate: counts[fate] for fate in FATES if fate in counts},
    }
