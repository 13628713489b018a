"""Locust's counts by second do not grow with the run, and the rates that it shows stay the same."""

from __future__ import annotations

import subprocess
import sys

# Run as a process of its own: importing locust monkey-patches the standard library.
_FORGET = """
from locust.env import Environment

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
statistics.close()
"""


def test_only_the_last_minute_is_kept() -> None:
    """Of each call and of the total, requests and failures."""
    done = subprocess.run([sys.executable, "-c", _FORGET], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split() == ["60"] * 4, done.stderr
