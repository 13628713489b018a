"""The plan before the run: what a scenario will come to, from a sample of its people.

A hundred people of each profile come at once, in virtual time, to an account without a limit. What they hold and ask for by
the time since they came is laid over the plan's arrivals (a convolution on a grid), which gives the expected course of the
run. Erlang's B at each moment gives the refusals to expect, as if each moment lasted: the refused are not taken off, and
retries are not counted, so it is a rough figure, and too high where much is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from loadtests.model.api.surface import Operation
from loadtests.model.log.record import NANOSECONDS, Row
from loadtests.model.maths.erlang import erlang_b
from loadtests.model.people.profile import Profile
from loadtests.model.run.plan import LoadPlan
from loadtests.model.run.scenario import Load, Scenario, Stage
from loadtests.model.session.ending import DrainBounds
from loadtests.simulation.simulator import Simulator

PEOPLE = 100
_FEWEST = 10
_PERSON_SECONDS = 180_000.0
"""Of people who stay for the whole run, a hundred for half an hour tell enough: over half a day it takes but ten."""
CELLS = 400
LONGEST_SECONDS = 172_800.0
"""What is looked at: a longer run is taken to go on as it was in the last tenth of its first two days."""

Course = npt.NDArray[np.float64]
"""A figure over the run, one value for each cell of the grid."""

_CALLS = tuple(operation.value for operation in Operation if operation is not Operation.LIST)


@dataclass(frozen=True)
class Forecast:
    """What to expect. Courses are expected values at the middle of each cell."""

    seconds: Course
    """The middle of each cell."""
    live: Course
    """Sessions open if the limit did not exist."""
    requests: Course
    """A second."""
    keep_alives: Course
    """A second."""
    arrivals: float
    """Sessions asked for by the stages' end."""
    session_minutes: float
    """Of all sessions until the stages' end."""
    events: float
    """Rows of the event log by the stages' end, the observer's and each second's among them."""
    refused: float
    """First attempts refused; rough."""

    def line(self, limit: int | None) -> str:
        """The forecast in one line."""
        need, at = self.peak(self.live)
        against = f" of {limit}" if limit else ""
        return (
            f"Expected: {self.arrivals:.0f} sessions asked for, at most {need:.0f}{against} at once (second {at:.0f}),"
            f" {self.session_minutes:.1f} session-minutes, about {self.refused:.0f} refused"
        )

    def peak(self, course: Course) -> tuple[float, float]:
        """The highest value, and the second at which it is."""
        at = int(np.argmax(course))
        return float(course[at]), float(self.seconds[at])


def forecast(plan: LoadPlan, limit: int | None, duration: float) -> Forecast:
    """What `plan` will come to in `duration` seconds against an account with `limit`."""
    looked_at = min(duration, LONGEST_SECONDS)
    width = looked_at / CELLS
    seconds: Course = (np.arange(CELLS, dtype=np.float64) + 0.5) * width
    live, requests, keep_alives, asked, events = (np.zeros(CELLS) for _ in range(5))
    for profile in plan.scenario.profiles.values():
        coming = _coming(plan, profile, seconds)
        people = _People.sample(plan.scenario, profile, looked_at)
        live += _laid_over(coming, people.held(width))
        asked += _laid_over(coming, people.calls(width, "new"))
        keep_alives += _laid_over(coming, people.calls(width, "keep_alive"))
        requests += _laid_over(coming, people.calls(width, *_CALLS))
        events += _laid_over(coming, people.rows(width))
    poll = plan.scenario.poll
    # A look at the list, a second of the loop; and of each session that the list shows, that it came and that it went.
    beats, seen = duration + (duration / poll if poll else 0.0), 2.0 if poll else 0.0
    blocked = np.array([erlang_b(float(offered), limit) if limit else 0.0 for offered in live])
    return Forecast(
        seconds,
        live,
        requests,
        keep_alives,
        arrivals=_total(asked, duration),
        session_minutes=_total(live, duration) / 60,
        events=_total(events, duration) + seen * _total(asked, duration) + beats,
        refused=_total(asked * blocked, duration),
    )


def _total(course: Course, duration: float) -> float:
    """Over `duration` seconds, of which `course` has the first."""
    looked_at = min(duration, LONGEST_SECONDS)
    return float(course.mean()) * looked_at + float(course[-CELLS // 10 :].mean()) * (duration - looked_at)


class _Rows(list[Row]):
    def flush(self) -> None:
        """Nothing is written."""

    flush_if_full = flush


class _People:
    """What a sample of people holds and asks for, by the time since they came; figures are for one of them."""

    def __init__(self, rows: list[Row], count: int) -> None:
        self._rows = rows
        self._count = count

    @classmethod
    def sample(cls, scenario: Scenario, profile: Profile, duration: float) -> _People:
        """People of `profile` who all come at once. Those of the closed model stay, so fewer of them tell as much."""
        is_open = profile.arrivals.model == "open"
        count = PEOPLE if is_open else max(_FEWEST, min(PEOPLE, int(_PERSON_SECONDS / duration)))
        load = Load(amount=0.0 if is_open else float(count), is_rate=is_open)
        stage = Stage(duration=duration, load={profile.name: load})
        alone = scenario.model_copy(update={"profiles": {profile.name: profile}, "stages": (stage,), "poll": 0.0})
        rows = _Rows()
        simulator = Simulator(LoadPlan(alone), None, 1, rows)
        if is_open:
            simulator.admit(profile, count)
        simulator.run(duration, DrainBounds(0.0, 1.0, 0.0, 1.0))
        return cls([row for row in rows if row.t < duration * NANOSECONDS], count)

    def held(self, width: float) -> Course:
        """Slots held."""
        ages = (np.arange(CELLS) + 0.5) * width
        held = np.zeros(CELLS)
        for low, high in self._spans():
            held += (low <= ages) & (ages < high)
        return held / self._count

    def calls(self, width: float, *kinds: str) -> Course:
        """Calls of these kinds, a second."""
        return self._by_age([row for row in self._rows if row.kind in kinds], width)

    def rows(self, width: float) -> Course:
        """Rows of the event log, a second."""
        return self._by_age(self._rows, width)

    def _by_age(self, rows: list[Row], width: float) -> Course:
        times = [row.t / NANOSECONDS for row in rows]
        counts, _ = np.histogram(times, bins=CELLS, range=(0, CELLS * width))
        return counts / self._count / width

    def _spans(self) -> list[tuple[float, float]]:
        opened: dict[int, tuple[float, float]] = {}
        ends: dict[int, float] = {}
        for row in self._rows:
            t = row.t / NANOSECONDS
            if row.outcome == "ok" and row.kind == "new":
                opened[row.session] = t, row.value
            elif row.outcome != "ok" or row.session not in opened:
                continue
            ends[row.session] = t if row.kind == "stop" else t + opened[row.session][1]
        return [(low, ends[session]) for session, (low, _) in opened.items()]


def _coming(plan: LoadPlan, profile: Profile, seconds: Course) -> Course:
    """People who come in each cell; persons of the closed model who go count as coming the other way."""
    width = float(seconds[1] - seconds[0])
    if profile.arrivals.model == "open":
        return np.array([plan.load(profile.name, float(t)) * width for t in seconds])
    return np.diff([0.0, *(float(plan.users(profile.name, float(t))) for t in seconds)])


def _laid_over(coming: Course, by_age: Course) -> Course:
    course: Course = np.convolve(coming, by_age)[:CELLS]
    return course
