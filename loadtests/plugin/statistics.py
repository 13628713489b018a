"""Adds our calls to Locust's statistics.

Locust's `request` event costs 3 µs per call, as much as all other bookkeeping of a call. If Locust is the event's only listener,
successful calls are collected and added four times per second, in the way in which a master merges the statistics of its workers.
Failed calls, and all calls if there are other listeners, fire the event. So a request may appear a quarter of a second late on
the page and in the CSV files; totals and percentiles are the same.
"""

from __future__ import annotations

import time
from array import array
from collections import Counter, defaultdict
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from locust import stats
from locust.env import Environment

from loadtests.model.api.answer import Answer, Outcome
from loadtests.model.api.description.description import ApiDescription
from loadtests.model.api.operation import Operation
from loadtests.model.session.listener import EngineListener
from loadtests.model.session.steps import Call
from loadtests.processes.greenlets import start_loop

_FLUSH_SECONDS = 0.25
_SHORTEN_SECONDS = 60.0
_KEPT_SECONDS = 60
"""Of the counts by second: Locust reads those of the last twelve (`StatsEntry.current_rps`), and would keep all."""
_POINT_SECONDS, _MOST_POINTS = 5, 480
"""Locust adds a point to its charts every five seconds and would keep all, a megabyte an hour."""
_METHOD = "POST"
_EXACT_MILLISECONDS = 100
"""From here on Locust rounds response times to tens (`stats.bucket_response_time`)."""
_OK, _WITHHELD = Outcome.OK, Outcome.WITHHELD


_LOCUSTS_BUCKET = stats.bucket_response_time


def _rounded(times: npt.NDArray[np.float64]) -> Counter[int]:
    """Counts response times (milliseconds) as Locust rounds them, or the user, who may replace its function."""
    if stats.bucket_response_time is not _LOCUSTS_BUCKET:
        return Counter(map(stats.bucket_response_time, times.tolist()))
    # The same for those below, without a function in Python for each call.
    is_exact = times < _EXACT_MILLISECONDS
    counts = np.bincount(np.rint(times[is_exact]).astype(np.intp))
    found = np.flatnonzero(counts)
    rounded = Counter(dict(zip(found.tolist(), counts[found].tolist(), strict=True)))
    rounded.update(map(stats.bucket_response_time, times[~is_exact].tolist()))
    return rounded


class CallFailedError(Exception):
    """The failure that Locust's statistics show for a call."""


class _Batch:
    """Calls of one operation since the last flush."""

    __slots__ = ("seconds", "size")

    def __init__(self) -> None:
        self.seconds = array("d")
        self.size = 0


class Statistics(EngineListener):
    """Adds calls to the statistics of `environment`, named by the paths of `api`."""

    def __init__(self, environment: Environment, api: ApiDescription) -> None:
        self._environment = environment
        self._names = {operation: api.path(operation) for operation in Operation}
        self._batches: dict[Operation, _Batch] = defaultdict(_Batch)
        # The runner's own listener is always registered.
        self._listeners = environment.events.request._handlers
        self._greenlets = [
            start_loop("adding calls to Locust's statistics", self._flush_regularly),
            start_loop("shortening Locust's statistics", self._shorten_regularly),
        ]

    def on_answer(self, call: Call, answer: Answer, size: int) -> None:
        """Adds a call that was answered or given up; `size`: bytes of the body."""
        if answer.outcome is _OK and len(self._listeners) == 1:
            batch = self._batches[call.operation]
            batch.seconds.append(answer.answered - answer.sent)
            batch.size += size
        elif answer.outcome is not _WITHHELD:
            self._fire(call, answer, size)

    def flush(self) -> None:
        """Adds the collected calls."""
        entries = self._environment.stats
        batches, self._batches = self._batches, defaultdict(_Batch)
        for operation, batch in batches.items():
            entry = self._entry(self._names[operation], batch)
            entries.total.extend(entry)
            entries.get(entry.name, _METHOD).extend(entry)

    def close(self) -> None:
        """Flushes for the last time."""
        for greenlet in self._greenlets:
            greenlet.kill()
        self.flush()

    def forget_old_seconds(self) -> None:
        """Deletes Locust's counts of seconds that it reads no longer: they would grow by some megabytes an hour."""
        entries = self._environment.stats
        oldest = (entries.last_request_timestamp or 0) - _KEPT_SECONDS
        for entry in (entries.total, *entries.entries.values()):
            for counts in (entry.num_reqs_per_sec, entry.num_fail_per_sec):
                for second in [second for second in counts if second < oldest]:
                    del counts[second]

    def thin_charts(self) -> None:
        """Deletes points of Locust's charts, so that they are evenly spaced and not too many."""
        points = self._environment.stats.history
        times = [datetime.fromisoformat(point["time"]).timestamp() for point in points]
        spacing = _POINT_SECONDS
        while times and times[-1] - times[0] > spacing * _MOST_POINTS:
            spacing *= 2
        # The first of each stretch: which points are kept does not depend on how often this is called.
        kept = {time // spacing: point for time, point in zip(reversed(times), reversed(points), strict=True)}
        points[:] = reversed(kept.values())

    def _entry(self, name: str, batch: _Batch) -> Any:
        times, now = np.frombuffer(batch.seconds) * 1000, time.time()
        # Any: Locust declares whole milliseconds but accepts fractions.
        entry: Any = stats.StatsEntry(self._environment.stats, name, _METHOD)
        entry.num_requests = len(times)
        entry.total_response_time = float(times.sum())
        entry.min_response_time, entry.max_response_time = float(times.min()), float(times.max())
        entry.response_times.update(_rounded(times))
        entry.num_reqs_per_sec[int(now)] = len(times)
        entry.last_request_timestamp = now
        entry.total_content_length = batch.size
        return entry

    def _fire(self, call: Call, answer: Answer, size: int) -> None:
        failure = None
        if answer.outcome is not _OK:
            failure = CallFailedError(f"{answer.outcome}: {answer.reason or answer.status}")
        self._environment.events.request.fire(
            request_type=_METHOD,
            name=self._names[call.operation],
            response_time=(answer.answered - answer.sent) * 1000,
            response_length=size,
            exception=failure,
            context={},
        )

    def _flush_regularly(self) -> float:
        self.flush()
        return _FLUSH_SECONDS

    def _shorten_regularly(self) -> float:
        self.forget_old_seconds()
        self.thin_charts()
        return _SHORTEN_SECONDS
