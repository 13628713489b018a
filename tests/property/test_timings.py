"""The timings of calls: what DuckDB says of the same rows in SQL."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from loadtests.model.maths.reported_percentiles import PERCENTILES
from reports.analysis.percentiles import Percentiles
from reports.analysis.timings import Timing, build_timings
from reports.log.log import EventLog, open_log
from tests.golden.story import Story

_SQL = {
    Timing.LATENCY: "latency",
    Timing.FROM_DUE: "greatest(t - intended, 0) + latency",
    Timing.LATENESS: "greatest(t - intended, 0)",
    Timing.LOOP_DELAY: "greatest(t - intended - waited, 0)",
    Timing.CONNECTION_WAIT: "waited",
}
_SENT = "outcome IN ('ok', 'fail', 'unknown') AND kind <> 'list'"

_MILLISECONDS = st.integers(0, 10_000).map(lambda microseconds: microseconds / 1e6)
_CALLS = st.lists(
    st.tuples(
        st.sampled_from(["calm", "busy"]),
        st.sampled_from(["new", "task", "keep_alive", "list", "quiet"]),
        st.sampled_from(["ok", "fail", "unknown", "withheld", "none"]),
        st.floats(-0.01, 0.05),
        _MILLISECONDS,
        _MILLISECONDS,
    ),
    max_size=40,
)
"""Profile, kind, outcome, lateness, part of it spent waiting, latency; also what is no call, or was never sent."""


_OPENING = ("test", "new", "ok")
"""What every written log has."""


@settings(deadline=None)
@given(calls=_CALLS)
@example(calls=[])
def test_timings_are_what_the_rows_say(calls: list[tuple[str, str, str, float, float, float]]) -> None:
    """Of all calls, of each operation, and by profile."""
    with TemporaryDirectory() as folder:
        log = open_log(_written(calls, Path(folder) / "run"))
        timings = build_timings(log)
        for timing in Timing:
            column = _SQL[timing]
            assert timings.of_all[timing] == next(iter(_expected(log, column, "'all'").values()), Percentiles())
            assert timings.of_kind[timing] == _expected(log, column, "kind")
        by_profile = {f"{row['profile']} {row['kind']}": row for row in timings.by_profile.to_dict("records")}
        expected = _expected(log, "latency", "profile || ' ' || kind")
        assert by_profile.keys() == expected.keys()
        for name, row in by_profile.items():
            profile, kind = name.split()
            assert [row[figure] for figure in ("n", "p50", "p95", "p99")] == [
                getattr(expected[name], figure) for figure in ("n", "p50", "p95", "p99")
            ]
            assert row["ok"] == sum(call[:3] == (profile, kind, "ok") for call in (*calls, _OPENING))
        log.close()


def _written(calls: list[tuple[str, str, str, float, float, float]], folder: Path) -> Path:
    story = Story()
    for number, (profile, kind, outcome, late, waited, took) in enumerate(calls):
        t = 1.0 + number
        story.call(
            number + 1, kind, t, outcome=outcome, intended=t - late, waited=min(waited, max(late, 0.0)), took=took
        )
        story.rows[-1] = story.rows[-1]._replace(profile=profile)
    return story.opens(1000, 0.5).write(folder)


def _expected(log: EventLog, column: str, group: str) -> dict[str, Percentiles]:
    shares = ", ".join(f"quantile_disc(v, {share}) / 1e9 AS {name}" for name, share in PERCENTILES.items())
    rows: list[dict[str, Any]] = log.records(f"""
        SELECT part, count(*) AS n, min(v) / 1e9 AS min, max(v) / 1e9 AS max, {shares}
        FROM (SELECT {group} AS part, {column} AS v FROM events WHERE {_SENT}) GROUP BY part ORDER BY part
    """)
    return {str(row.pop("part")): Percentiles(**row) for row in rows}
