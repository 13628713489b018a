"""Estimates a run before it starts, from a simulated sample of its persons.

A hundred persons of each profile arrive at once, in virtual time, at an account without a limit. The slots and requests of a
person by the time since arrival are convolved with the plan's arrivals on a grid, which gives the expected values over the run.
Erlang B at each moment estimates the refusals. It assumes a steady state, does not remove refused sessions and does not count
retries, so it is rough, and too high where many are refused.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from loadtests.model.api.operation import Operation
from loadtests.model.log.record import NANOSECONDS, Row
from loadtests.model.maths.erlang import erlang_b
from loadtests.model.people.profile import Profile
from loadtests.model.run.plan import LoadPlan
from loadtests.model.run.scenario import Load, Scenario, Stage
from loadtests.model.session.ending import DrainBounds
from loadtests.model.text.units import format_clock
from loadtests.model.text.wording import count
from loadtests.simulation.simulator import Simulator

PEOPLE = 100
_FEWEST = 10
_PERSON_SECONDS = 180_000.0
"""The sample of persons who stay for the whole run: a hundred for half an hour, fewer for a longer run."""
CELLS = 400
LONGEST_SECONDS = 172_800.0
"""The simulated part: a longer run is assumed to continue like the last tenth of its first two days."""

Course = npt.NDArray[np.float64]
"""A figure over the run: one value for each cell of the grid."""

_CALLS = tuple(operation.value for operation in Operation if operation is not Operation.LIST)


@dataclass(frozen=True)
class Forecast:
    """Expected values; a Course holds those at the middle of each cell."""

    seconds: Course
    """The middle of each cell."""
    live: Course
    """Open sessions without the limit."""
    requests: Course
    """A second."""
    keep_alives: Course
    """A second."""
    arrivals: float
    """Persons who ask for a session until the end of the stages."""
    session_minutes: float
    """Minutes of all sessions until the end of the stages."""
    events: float
    """Rows of the event log until the end of the stages, including observations."""
    refused: float
    """First attempts refused; a rough estimate."""

    def line(self, limit: int | None) -> str:
        """Returns the forecast as one line of text."""
        peak, at = self.peak(self.live)
        against = f", limit {limit:,}" if limit else ""
        return (
            f"Expected: {count(round(self.arrivals), 'session')}, peak demand {peak:,.0f} at {format_clock(at)}{against};"
            f" {self.session_minutes:,.1f} session-minutes; about {self.refused:,.0f} refused"
        )

    def peak(self, course: Course) -> tuple[float, float]:
        """Returns the maximum, and the second at which it occurs."""
        at = int(np.argmax(course))
        return float(course[at]), float(self.seconds[at])

    def peak_rate(self, course: Course) -> tuple[float, float]:
        """Returns the maximum of a rate over a second, and when that second begins: in a cell, a few calls are a high rate."""
        width = 2 * float(self.seconds[0])
        cells = min(CELLS, max(1, round(1 / width)))
        means: Course = np.convolve(course, np.full(cells, 1 / cells), mode="valid")
        at = int(np.argmax(means))
        return float(means[at]), at * width


def forecast(plan: LoadPlan, limit: int | None, duration: float) -> Forecast:
    """Estimates the first `duration` seconds of `plan` on an account with `limit`."""
    simulated = min(duration, LONGEST_SECONDS)
    width = simulated / CELLS
    seconds: Course = (np.arange(CELLS, dtype=np.float64) + 0.5) * width
    live, requests, keep_alives, asked, events = (np.zeros(CELLS) for _ in range(5))
    for profile in plan.scenario.profiles.values():
        arriving = _arrivals(plan, profile, seconds)
        sample = _People.sample(plan.scenario, profile, simulated)
        live += _convolve(arriving, sample.held(width))
        asked += _convolve(arriving, sample.calls(width, "new"))
        keep_alives += _convolve(arriving, sample.calls(width, "keep_alive"))
        requests += _convolve(arriving, sample.calls(width, *_CALLS))
        events += _convolve(arriving, sample.rows(width))
    poll = plan.scenario.poll
    # One row for each poll and each second; two for each session that is listed.
    per_second, per_session = duration + (duration / poll if poll else 0.0), 2.0 if poll else 0.0
    blocked = np.array([erlang_b(float(offered), limit) if limit else 0.0 for offered in live])
    return Forecast(
        seconds,
        live,
        requests,
        keep_alives,
        arrivals=_total(asked, duration),
        session_minutes=_total(live, duration) / 60,
        events=_total(events, duration) + per_session * _total(asked, duration) + per_second,
        refused=_total(asked * blocked, duration),
    )


def _total(course: Course, duration: float) -> float:
    """Returns the total over `duration` seconds; `course` has the first of them."""
    simulated = min(duration, LONGEST_SECONDS)
    return float(course.mean()) * simulated + float(course[-CELLS // 10 :].mean()) * (duration - simulated)


class _Rows(list[Row]):
    def flush(self) -> None:
        """Nothing is written."""

    flush_if_full = flush


class _People:
    """The slots and requests of a sample of persons by the time since arrival; figures are for one person."""

    def __init__(self, rows: list[Row], count: int) -> None:
        self._rows = rows
        self._count = count

    @classmethod
    def sample(cls, scenario: Scenario, profile: Profile, duration: float) -> _People:
        """Simulates persons of `profile` who arrive at once. Persons of the closed model stay, so fewer are enough."""
        is_open = profile.arrivals.model == "open"
        number = PEOPLE if is_open else max(_FEWEST, min(PEOPLE, int(_PERSON_SECONDS / duration)))
        load = Load(amount=0.0 if is_open else float(number), is_rate=is_open)
        stage = Stage(duration=duration, load={profile.name: load})
        alone = scenario.model_copy(update={"profiles": {profile.name: profile}, "stages": (stage,), "poll": 0.0})
        rows = _Rows()
        simulator = Simulator(LoadPlan(alone), None, 1, rows)
        if is_open:
            simulator.admit(profile, number)
        simulator.run(duration, DrainBounds(0.0, 1.0, 0.0, 1.0))
        return cls([row for row in rows if row.t < duration * NANOSECONDS], number)

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


def _arrivals(plan: LoadPlan, profile: Profile, seconds: Course) -> Course:
    """Returns the arrivals in each cell; a person of the closed model who leaves counts as −1."""
    # By integrals, because a stage may be shorter than a cell.
    width = float(seconds[1] - seconds[0])
    totals = [plan.total(profile.name, float(t)) for t in (*(seconds - width / 2), seconds[-1] + width / 2)]
    arriving: Course = np.diff(totals)
    if profile.arrivals.model == "open":
        return arriving
    steady = np.array([plan.load(profile.name, float(t)) for t in seconds])
    users = np.array([float(plan.users(profile.name, float(t))) for t in seconds])
    # Users are whole, except in a cell in which their number changes.
    return np.diff(np.where(np.isclose(arriving, steady * width), users, arriving / width), prepend=0.0)


def _convolve(arriving: Course, by_age: Course) -> Course:
    course: Course = np.convolve(arriving, by_age)[:CELLS]
    return course
