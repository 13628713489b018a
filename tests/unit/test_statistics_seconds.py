"""Locust's counts by second and the points of its charts do not grow with the run; the rates that it shows stay the same."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Run as a process of its own: importing locust monkey-patches the standard library.
_FORGET = """
from datetime import datetime

from locust.env import Environment
from locust.stats import format_utc_timestamp

from loadtests.model.api.description.default import default_api
from loadtests.plugin.statistics import Statistics

environment = Environment()
environment.create_local_runner()
statistics = Statistics(environment, default_api())
stats = environment.stats
stats.total.start_time = 0
for second in range(1000, 2000):
    for entry in (stats.total, stats.get("/v1/streaming.new", "POST")):
        entry.num_reqs_per_sec[second] = second
        entry.num_fail_per_sec[second] = 1
        entry.last_request_timestamp = second + 0.5
        entry.num_requests += 1
before = stats.total.current_rps, stats.total.current_fail_per_sec, stats.num_requests
statistics.forget_old_seconds()
assert (stats.total.current_rps, stats.total.current_fail_per_sec, stats.num_requests) == before
assert before[0] > 1900
print(*(len(counts) for entry in (stats.total, *stats.entries.values())
    for counts in (entry.num_reqs_per_sec, entry.num_fail_per_sec)))
for point in range(2000):
    stats.history.append({"time": format_utc_timestamp(5 * point)})
    statistics.thin_charts()
points = [datetime.fromisoformat(point["time"]).timestamp() for point in stats.history]
print(len(points), *sorted({b - a for a, b in zip(points, points[1:])}))
statistics.close()
"""


@pytest.fixture(scope="module")
def said() -> list[list[str]]:
    """The words of each line that the process says."""
    done = subprocess.run([sys.executable, "-c", _FORGET], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return [line.split() for line in done.stdout.splitlines()]


def test_only_the_last_minute_is_kept(said: list[list[str]]) -> None:
    """Of each call and of the total, requests and failures."""
    assert said[0] == ["60"] * 4


def test_charts_keep_some_hundred_points(said: list[list[str]]) -> None:
    """Of 2,000 points in 10,000 s, one every 40 s: every 20 s would be more than 480."""
    assert said[1] == ["250", "40.0"]
