"""What a Locust process has used, by its own accounting: CPU seconds and requests, in windows of a second; memory.

Imported by each of the locustfiles of this folder, so that all are measured alike. Once all users are there it writes JSON to
the file BENCH_RESULT, `windows` of [CPU seconds, requests, seconds] and bytes `resident`, then ends the run. With BENCH_STATE it
writes the number of keep-alives so far to that file, and goes on until it is stopped. With neither it does nothing.
"""

import json
import os
import time
from itertools import pairwise
from pathlib import Path

import gevent
import psutil
from locust import events

WARM_UP = 1.0
RESULT, STATE = os.environ.get("BENCH_RESULT"), os.environ.get("BENCH_STATE")
STATE_SECONDS = 0.005
WINDOWS = int(os.environ.get("BENCH_WINDOWS", "5"))
HEADERS = {"Authorization": "Bearer bench"}
WAIT = float(os.environ.get("BENCH_WAIT", "0"))
"""Seconds between two keep-alives of a person; 0: as fast as they are answered."""


made = 0


def count():
    """Counts a keep-alive. Locust's own statistics have ours a quarter of a second later."""
    global made
    made += 1


@events.test_start.add_listener
def _measure(environment, **_):
    def reading():
        return time.process_time(), environment.stats.total.num_requests, time.monotonic()

    def tell():
        with Path(STATE).open("wb", buffering=0) as file:
            while True:
                os.pwrite(file.fileno(), b"%20d" % made, 0)
                gevent.sleep(STATE_SECONDS)

    def measure():
        while environment.runner.user_count < environment.parsed_options.num_users:
            gevent.sleep(0.05)
        gevent.sleep(WARM_UP)
        readings = [reading()]
        for _ in range(WINDOWS):
            gevent.sleep(1.0)
            readings.append(reading())
        windows = [[b - a for a, b in zip(x, y, strict=True)] for x, y in pairwise(readings)]
        resident = psutil.Process().memory_info().rss
        Path(RESULT).write_text(json.dumps({"windows": windows, "resident": resident}))
        environment.runner.quit()

    if STATE or RESULT:
        gevent.spawn(tell if STATE else measure)
