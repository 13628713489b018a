"""Who arrives in a simulated run.

A profile of the open model has one stream of arrivals. The number of persons of a closed-model profile follows the plan.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from loadtests.model.people.draw import Draw
from loadtests.model.people.profile import Profile
from loadtests.model.run.plan import LoadPlan
from loadtests.model.session.behaviour import arrivals, returning_person, visit
from loadtests.model.session.ending import closing
from loadtests.model.session.person import People
from loadtests.model.session.session import Session, State
from loadtests.model.session.steps import Behaviour, Closing


class SimulatedScope:
    """Tasks that end together, and the session that a person of the closed model has."""

    __slots__ = ("over", "session")

    def __init__(self) -> None:
        self.over = False
        self.session: Session | None = None


class Population:
    """Starts and ends the persons of `plan`. `start` runs a behaviour in a scope."""

    def __init__(self, plan: LoadPlan, seed: int, start: Callable[[Behaviour, SimulatedScope], None]) -> None:
        self._plan = plan
        self._seed = seed
        self._start = start
        self._number = count(1).__next__
        self._persons: dict[str, list[SimulatedScope]] = {}
        self.public = SimulatedScope()
        """The scope of all persons of the open model."""

    @property
    def is_over(self) -> bool:
        """Whether the load has ended."""
        return self.public.over

    def admit(self, profile: Profile, number: int, now: float) -> None:
        """Adds `number` persons of `profile`, beside those of the plan."""
        for place in range(number):
            self._start(visit(self._people(profile, place)(0), now), self.public)

    def start_streams(self) -> None:
        """Starts the arrivals of the open-model profiles."""
        for name, profile in self._plan.scenario.profiles.items():
            if profile.arrivals.model == "open" and self._plan.peak(name):
                self._start(self._stream(profile), self.public)

    def follow_plan(self, now: float) -> None:
        """Adds or removes persons of the closed model, until their number is that of the plan."""
        if self.is_over:
            return
        for name, profile in self._plan.scenario.profiles.items():
            if profile.arrivals.model == "closed":
                self._scale(profile, self._plan.users(name, now), now)

    def end(self) -> None:
        """Ends all persons; their sessions stay open."""
        self.public.over = True
        for scopes in self._persons.values():
            for scope in scopes:
                scope.over = True

    def _stream(self, profile: Profile) -> Behaviour:
        # One stream for the whole profile: a sum of Poisson streams is a Poisson stream.
        name, plan = profile.name, self._plan
        draw = Draw.of(self._seed, name, "stream", 0)
        return arrivals(lambda t: plan.load(name, t), plan.peak(name), self._people(profile, 0), draw, 0.0)

    def _people(self, profile: Profile, place: int) -> People:
        return People(profile, self._seed, place, self._number)

    def _scale(self, profile: Profile, target: int, now: float) -> None:
        scopes = self._persons.setdefault(profile.name, [])
        while len(scopes) < target:
            place = len(scopes)
            scopes.append(SimulatedScope())
            draw = Draw.of(self._seed, profile.name, "stream", place)
            self._start(returning_person(profile, self._people(profile, place), draw, now), scopes[-1])
        while len(scopes) > target:
            self._remove(scopes.pop(), now)

    def _remove(self, scope: SimulatedScope, now: float) -> None:
        scope.over = True
        session = scope.session
        if session is not None and session.state is State.OPEN and not session.way:
            self._start(closing(session, Closing.RUN, now), SimulatedScope())
