"""The recorded people of a run, as a replay draws them: their arrivals, how long each holds a slot, and their retries.

A replay does not copy the run. It resamples the recorded people: each arrives as often as a Poisson number says (a bootstrap over
sessions), at another time of the same load. So several replays are several runs like the recorded one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from loadtests.model.people.profile import OnRefusal, Profile
from loadtests.model.run.manifest import Manifest
from reports.plan.load.phases import Phase, steady_intervals

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int_]
Flags = npt.NDArray[np.bool_]

_QUANTILES = 200


@dataclass(frozen=True)
class ClosedPerson:
    """One person of the closed model, who opens one session after the other between two seconds of the run."""

    profile: int
    enters: float
    leaves: float


@dataclass(frozen=True)
class Stays:
    """How long people hold their slots; one entry for each person."""

    used: Floats
    """Seconds from `new` until the person leaves."""
    tail: Floats
    """Seconds that the slot is held after the person has left."""
    idle_timeout: Floats
    since: Floats
    """Seconds from the last activity until the person leaves: a leak is reaped that much earlier."""
    leak: Flags
    endless: Flags
    """Whether the slot is held until the end of the run, or the cap."""
    profile: Places
    """Index into `Population.profiles`."""
    rate: Floats
    """Expected arrivals of such a person for each recorded one."""

    def taken(self, which: Places | Flags) -> Stays:
        """Return the selected entries."""
        return Stays(**{name: values[which] for name, values in vars(self).items()})

    def joined(self, other: Stays) -> Stays:
        """Return both, one after the other."""
        return Stays(**{name: np.concatenate([values, getattr(other, name)]) for name, values in vars(self).items()})


@dataclass(frozen=True)
class Population:
    """Everyone who requested a session in a run."""

    stays: Stays
    t: Floats
    """When each arrived, in seconds of the run."""
    low: Floats
    """Start of the interval of steady load in which each arrived."""
    high: Floats
    """Its end."""
    keeps_times: bool
    """Whether replays keep the recorded arrival times, because arrivals are not a Poisson process."""
    profiles: tuple[Profile | None, ...]
    """None: unknown (an audit)."""
    closed_people: tuple[ClosedPerson, ...]
    end: float
    """The end of the load, in seconds of the run."""
    answer: float
    """Seconds that a refusal takes."""
    others: tuple[tuple[float, float], ...]
    """Start and end of each foreign session."""

    @property
    def is_open(self) -> Flags:
        """Which people belong to the open model."""
        closed = np.array([_is_closed(profile) for profile in self.profiles], dtype=bool)
        return ~closed[self.stays.profile] if len(closed) else np.zeros(0, dtype=bool)

    @property
    def policies(self) -> list[OnRefusal]:
        """Each profile's behaviour after a refusal."""
        return [profile.on_refusal if profile else OnRefusal() for profile in self.profiles]

    @property
    def retries(self) -> bool:
        """Whether anyone retries after a refusal."""
        seen = {int(place) for place in np.unique(self.stays.profile)}
        return any(policy.retries for place, policy in enumerate(self.policies) if place in seen)

    def pauses(self) -> list[Callable[[float], float]]:
        """Return each profile's quantile function of the seconds between two sessions of a person of the closed model."""
        return [profile.arrivals.pause.quantile if profile else float for profile in self.profiles]

    def changed(
        self,
        arrivals: float = 1.0,
        leak_share: float | None = None,
        idle_timeout: float | None = None,
        keep_alive: float | None = None,
    ) -> Population:
        """Return the same people with another number of arrivals, share of leaks, idle timeout or interval of keep-alives."""
        stays = self.stays
        population = self
        if keep_alive is not None:
            stays = _with_keep_alives(stays, keep_alive)
        if idle_timeout is not None:
            shift = np.where(stays.leak & ~stays.endless, idle_timeout - stays.idle_timeout, 0.0)
            tail = np.maximum(0.0, stays.tail + shift)
            stays = replace(stays, tail=tail, idle_timeout=np.full_like(stays.tail, idle_timeout))
        if leak_share is not None:
            stays, extra = _with_leak_share(stays, leak_share)
            t, low, high = (np.concatenate([values, values[extra]]) for values in (self.t, self.low, self.high))
            population = replace(self, t=t, low=low, high=high)
        times = arrivals == 1.0 and leak_share is None and self.keeps_times
        return replace(
            population,
            stays=replace(stays, rate=stays.rate * arrivals),
            keeps_times=times,
            closed_people=tuple(_multiplied(self.closed_people, arrivals)),
        )

    def within(self, low: float, high: float) -> Population:
        """Return who arrived from `low` to `high`; people of the closed model stay, with their rate scaled to that part."""
        inside = ((self.t >= low) & (self.t < high)) | ~self.is_open
        part = np.where(self.is_open, 1.0, (high - low) / max(self.end, 1e-9))
        stays = replace(self.stays, rate=self.stays.rate * part)
        return replace(
            self,
            stays=stays.taken(inside),
            t=self.t[inside],
            low=self.low[inside],
            high=self.high[inside],
            closed_people=tuple(
                closed_person
                for closed_person in self.closed_people
                if closed_person.enters < high and closed_person.leaves > low
            ),
        )

    def with_zombies_until(self, end: float) -> Population:
        """Return the same with zombies that hold their slot only until `end`: without an end there is no steady load."""
        stays = self.stays
        until = np.maximum(0.0, end - self.t - stays.used)
        tail = np.where(stays.endless, np.minimum(stays.tail, until), stays.tail)
        return replace(self, stays=replace(stays, tail=tail, endless=np.zeros_like(stays.endless)))

    def until(self, seconds: float) -> Population:
        """Return the same for the first `seconds` of the run."""
        if seconds >= self.end:
            return self
        # In an interval that is cut, the rate is scaled to what is left of it.
        part = np.clip((seconds - self.low) / np.maximum(self.high - self.low, 1e-9), 0.0, 1.0)
        part = np.where(self.t < seconds, 1.0, 0.0) if self.keeps_times else part
        return replace(
            self,
            stays=replace(self.stays, rate=self.stays.rate * part),
            high=np.minimum(self.high, max(seconds, 0.0)),
            closed_people=tuple(each for each in self.closed_people if each.enters < seconds),
            end=seconds,
        )


def build_population(
    people: pd.DataFrame,
    manifest: Manifest,
    phases: list[Phase],
    *,
    answer: float,
    others: list[tuple[float, float]],
) -> Population:
    """Return the population of a run; each person in `people` has a known holding time."""
    end = phases[-1].high if phases else 0.0
    people = people[people["t"] < end]
    names = list(dict.fromkeys([*manifest.people, *people["profile"]]))
    place = {name: number for number, name in enumerate(names)}
    columns: Mapping[str, Floats] = {
        name: people[name].to_numpy(dtype=float) for name in ("t", "used", "tail", "idle_timeout", "since_alive")
    }
    edges = np.array(steady_intervals(phases)).reshape(-1, 2)
    cell = (np.searchsorted(edges[:, 0], columns["t"], side="right") - 1).clip(0)
    stays = Stays(
        columns["used"],
        columns["tail"],
        columns["idle_timeout"],
        np.nan_to_num(columns["since_alive"]),
        people["leak"].to_numpy(dtype=bool),
        people["endless"].to_numpy(dtype=bool),
        np.array([place[name] for name in people["profile"]], dtype=int),
        np.ones(len(people)),
    )
    return Population(
        stays,
        columns["t"],
        edges[cell, 0] if len(edges) else columns["t"],
        edges[cell, 1] if len(edges) else columns["t"],
        keeps_times=False,
        profiles=tuple(manifest.people.get(name) for name in names),
        # Of a profile without a recorded person the behaviour is unknown.
        closed_people=tuple(
            each for each in _closed_people(manifest, place, phases) if (stays.profile == each.profile).any()
        ),
        end=end,
        answer=answer,
        others=tuple(others),
    )


def mean_pause(profile: Profile) -> float:
    """Return the mean seconds between two sessions of a person of the closed model."""
    quantile = profile.arrivals.pause.quantile
    return sum(quantile((n + 0.5) / _QUANTILES) for n in range(_QUANTILES)) / _QUANTILES


def _is_closed(profile: Profile | None) -> bool:
    return profile is not None and profile.arrivals.model == "closed"


def _closed_people(manifest: Manifest, place: Mapping[str, int], phases: list[Phase]) -> list[ClosedPerson]:
    """Return who is present when: as planned for the middle of each interval of steady load."""
    plan = manifest.plan
    if plan is None:
        return []
    found = []
    for name, profile in manifest.people.items():
        if not _is_closed(profile):
            continue
        present: list[float] = []
        for low, high in steady_intervals(phases):
            wanted = plan.users(name, (low + high) / 2)
            while len(present) > wanted:
                found.append(ClosedPerson(place[name], present.pop(), low))
            present += [low] * (wanted - len(present))
        found += [ClosedPerson(place[name], enters, phases[-1].high) for enters in present]
    return found


def _multiplied(closed_people: tuple[ClosedPerson, ...], factor: float) -> list[ClosedPerson]:
    """Return `factor` times as many people, rounded, each repeated evenly."""
    wanted = round(len(closed_people) * factor)
    return [closed_people[number * len(closed_people) // wanted] for number in range(wanted)] if closed_people else []


def _with_keep_alives(stays: Stays, interval: float) -> Stays:
    """Return stays whose last activity was at most half an interval before their person left, on average."""
    tail = np.maximum(stays.tail, stays.idle_timeout - interval / 2)
    ended = stays.leak & ~stays.endless
    return replace(stays, tail=np.where(ended, tail, stays.tail), since=np.minimum(stays.since, interval / 2))


def _with_leak_share(stays: Stays, share: float) -> tuple[Stays, Places]:
    """Return stays of which `share` leak, and the indices of those that were duplicated.

    If no recorded stay leaked, leaks are made of the others: held until the idle timeout after their last activity.
    """
    total, leaking = float(stays.rate.sum()), float(stays.rate[stays.leak].sum())
    if leaking or not share:
        others = total - leaking
        factor = np.where(
            stays.leak, share * total / leaking if leaking else 0.0, (1 - share) * total / others if others else 1.0
        )
        return replace(stays, rate=stays.rate * factor), np.zeros(0, dtype=int)
    tail = np.maximum(0.0, stays.idle_timeout - stays.since)
    made = replace(stays, tail=tail, leak=np.ones_like(stays.leak), rate=stays.rate * share)
    return replace(stays, rate=stays.rate * (1 - share)).joined(made), np.arange(len(stays.rate))
