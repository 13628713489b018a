"""The people of a run as a replay needs them: when they come, how long each holds a slot, how often each tries again.

A replay is no copy of the run. People are drawn anew out of those who were seen: each of them comes as often as a Poisson number
says (a bootstrap over sessions), at another moment of the same load. So many replays are many runs like the one that was made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from loadtests.model.people.profile import OnRefusal, Profile
from loadtests.model.run.manifest import Manifest
from reports.plan.stretches import Stretch, cells_of

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int_]
Flags = npt.NDArray[np.bool_]

_QUANTILES = 200


@dataclass(frozen=True)
class Resident:
    """One person of the closed model, who comes again and again between two seconds of the run."""

    profile: int
    enters: float
    leaves: float


@dataclass(frozen=True)
class Marks:
    """What people do once they have a session; one entry each."""

    used: Floats
    """Seconds from `new` until the person leaves."""
    tail: Floats
    """Seconds that the slot is held after that."""
    idle_timeout: Floats
    since: Floats
    """Seconds from the last activity until the person leaves: so much sooner a leak is reaped."""
    leak: Flags
    endless: Flags
    """Held until the run's end, or the cap."""
    profile: Places
    """Place in `Crowd.profiles`."""
    rate: Floats
    """How often such a person comes for each time that they came in the run."""

    def taken(self, which: Places | Flags) -> Marks:
        """Those alone."""
        return Marks(**{name: values[which] for name, values in vars(self).items()})

    def joined(self, other: Marks) -> Marks:
        """These and those."""
        return Marks(**{name: np.concatenate([values, getattr(other, name)]) for name, values in vars(self).items()})


@dataclass(frozen=True)
class Crowd:
    """Everybody who asked for a session in a run."""

    marks: Marks
    t: Floats
    """When each came."""
    low: Floats
    """The cell of steady load in which each came."""
    high: Floats
    keeps_times: bool
    """Arrivals are not like Poisson's: they come when they came."""
    profiles: tuple[Profile | None, ...]
    """None: unknown (an audit)."""
    residents: tuple[Resident, ...]
    end: float
    """Nobody is let in any more."""
    answer: float
    """Seconds that a refusal takes."""
    others: tuple[tuple[float, float], ...]
    """Sessions that are not ours, from when until when."""

    @property
    def is_open(self) -> Flags:
        """Who comes whatever became of earlier ones."""
        closed = np.array([_is_closed(profile) for profile in self.profiles], dtype=bool)
        return ~closed[self.marks.profile] if len(closed) else np.zeros(0, dtype=bool)

    @property
    def policies(self) -> list[OnRefusal]:
        """What each profile's people do when refused."""
        return [profile.on_refusal if profile else OnRefusal() for profile in self.profiles]

    @property
    def retries(self) -> bool:
        """Whether anybody comes back when refused."""
        seen = {int(place) for place in np.unique(self.marks.profile)}
        return any(policy.retries for place, policy in enumerate(self.policies) if place in seen)

    def pauses(self) -> list[Callable[[float], float]]:
        """Of each profile, the seconds between two visits of a resident, by share."""
        return [profile.arrivals.pause.quantile if profile else float for profile in self.profiles]

    def changed(
        self, arrivals: float = 1.0, leak_share: float | None = None, idle_timeout: float | None = None
    ) -> Crowd:
        """The same people, more or fewer of them, with another share of leaks, or another idle timeout."""
        marks = self.marks
        crowd = self
        if idle_timeout is not None:
            shift = np.where(marks.leak & ~marks.endless, idle_timeout - marks.idle_timeout, 0.0)
            tail = np.maximum(0.0, marks.tail + shift)
            marks = replace(marks, tail=tail, idle_timeout=np.full_like(marks.tail, idle_timeout))
        if leak_share is not None:
            marks, extra = _with_leak_share(marks, leak_share)
            t, low, high = (np.concatenate([values, values[extra]]) for values in (self.t, self.low, self.high))
            crowd = replace(self, t=t, low=low, high=high)
        times = arrivals == 1.0 and leak_share is None and self.keeps_times
        return replace(
            crowd,
            marks=replace(marks, rate=marks.rate * arrivals),
            keeps_times=times,
            residents=tuple(_multiplied(self.residents, arrivals)),
        )

    def until(self, seconds: float) -> Crowd:
        """The same for the first `seconds` of the run alone."""
        if seconds >= self.end:
            return self
        # Of a cell that is cut, each comes as often as their part of it lasts.
        part = np.clip((seconds - self.low) / np.maximum(self.high - self.low, 1e-9), 0.0, 1.0)
        part = np.where(self.t < seconds, 1.0, 0.0) if self.keeps_times else part
        return replace(
            self,
            marks=replace(self.marks, rate=self.marks.rate * part),
            high=np.minimum(self.high, max(seconds, 0.0)),
            residents=tuple(each for each in self.residents if each.enters < seconds),
            end=seconds,
        )


def build_crowd(
    people: pd.DataFrame,
    manifest: Manifest,
    stretches: list[Stretch],
    *,
    answer: float,
    others: list[tuple[float, float]],
) -> Crowd:
    """The crowd of a run; of each person in `people` what they held must be known."""
    end = stretches[-1].high if stretches else 0.0
    people = people[people["t"] < end]
    names = list(dict.fromkeys([*manifest.people, *people["profile"]]))
    place = {name: number for number, name in enumerate(names)}
    columns: Mapping[str, Floats] = {
        name: people[name].to_numpy(dtype=float) for name in ("t", "used", "tail", "idle_timeout", "since_alive")
    }
    edges = np.array(cells_of(stretches)).reshape(-1, 2)
    cell = (np.searchsorted(edges[:, 0], columns["t"], side="right") - 1).clip(0)
    marks = Marks(
        columns["used"],
        columns["tail"],
        columns["idle_timeout"],
        np.nan_to_num(columns["since_alive"]),
        people["leak"].to_numpy(dtype=bool),
        people["endless"].to_numpy(dtype=bool),
        np.array([place[name] for name in people["profile"]], dtype=int),
        np.ones(len(people)),
    )
    return Crowd(
        marks,
        columns["t"],
        edges[cell, 0] if len(edges) else columns["t"],
        edges[cell, 1] if len(edges) else columns["t"],
        keeps_times=False,
        profiles=tuple(manifest.people.get(name) for name in names),
        # What residents do of whom none was seen, nobody knows.
        residents=tuple(
            each for each in _residents(manifest, place, stretches) if (marks.profile == each.profile).any()
        ),
        end=end,
        answer=answer,
        others=tuple(others),
    )


def mean_pause(profile: Profile) -> float:
    """Seconds between two visits of one person of the closed model, on average."""
    quantile = profile.arrivals.pause.quantile
    return sum(quantile((n + 0.5) / _QUANTILES) for n in range(_QUANTILES)) / _QUANTILES


def _is_closed(profile: Profile | None) -> bool:
    return profile is not None and profile.arrivals.model == "closed"


def _residents(manifest: Manifest, place: Mapping[str, int], stretches: list[Stretch]) -> list[Resident]:
    """Who is there when, as the plan has it in the middle of each cell."""
    plan = manifest.plan
    if plan is None:
        return []
    found = []
    for name, profile in manifest.people.items():
        if not _is_closed(profile):
            continue
        present: list[float] = []
        for low, high in cells_of(stretches):
            wanted = plan.users(name, (low + high) / 2)
            while len(present) > wanted:
                found.append(Resident(place[name], present.pop(), low))
            present += [low] * (wanted - len(present))
        found += [Resident(place[name], enters, stretches[-1].high) for enters in present]
    return found


def _multiplied(residents: tuple[Resident, ...], factor: float) -> list[Resident]:
    """So many times as many of them: each as often as whole numbers allow, spread evenly."""
    wanted = round(len(residents) * factor)
    return [residents[number * len(residents) // wanted] for number in range(wanted)] if residents else []


def _with_leak_share(marks: Marks, share: float) -> tuple[Marks, Places]:
    """Marks of which `share` leak, and which of the old ones were added once more.

    Where nobody leaked, those who leak are the others, held until the idle timeout after what they did last.
    """
    total, leaking = float(marks.rate.sum()), float(marks.rate[marks.leak].sum())
    if leaking or not share:
        others = total - leaking
        factor = np.where(
            marks.leak, share * total / leaking if leaking else 0.0, (1 - share) * total / others if others else 1.0
        )
        return replace(marks, rate=marks.rate * factor), np.zeros(0, dtype=int)
    tail = np.maximum(0.0, marks.idle_timeout - marks.since)
    made = replace(marks, tail=tail, leak=np.ones_like(marks.leak), rate=marks.rate * share)
    return replace(marks, rate=marks.rate * (1 - share)).joined(made), np.arange(len(marks.rate))
