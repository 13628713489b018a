"""Reads logs and fits the kinds of people in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from loadtests.model.text.input_error import EXIT_UNKNOWN, InputError, Mistake
from loadtests.model.text.wording import count, were
from reports.fit.arrivals import Arrivals, fit_arrivals
from reports.fit.departures import Departures, departures
from reports.fit.features import features_of
from reports.fit.mixture import LEAST_SESSIONS, Kinds, find_kinds
from reports.fit.observations import Recording, read_recording
from reports.fit.person import ENOUGH, SECONDS_A_WORD, FittedPerson, Group, fit_person
from reports.fit.turns import gaps_of

_NAME_ROOM = 1_000_000_000
"""Session numbers of a log that is read: those of the next one begin after so many."""


@dataclass(frozen=True)
class FitOptions:
    """What the command line asks for."""

    name: str
    """Of the most frequent kind; the others have a number after it."""
    seed: int = 1
    by_profile: bool = False
    """Whether kinds are the profiles that the log names, instead of what the calls tell."""
    most_kinds: int = 3


@dataclass(frozen=True)
class Fit:
    """What was fitted."""

    logs: tuple[str, ...]
    simulated: bool
    seconds: float
    """Of all recordings."""
    sessions: int
    people: tuple[FittedPerson, ...]
    """The most frequent first."""
    arrivals: Arrivals
    """Of all kinds together."""
    kinds: Kinds | None
    """None: kinds were not looked for."""
    limit: int | None
    """Of the account, if all logs say the same."""
    notes: tuple[str, ...]


def build_fit(folders: Sequence[Path], options: FitOptions) -> Fit:
    """Returns what the logs in `folders` show. Raises InputError if one cannot be read, or too few sessions were opened."""
    recordings = _recordings(folders)
    opened = sum(len(recording.sessions) for recording in recordings)
    if opened < ENOUGH:
        raise InputError.of(
            folders[0], f"{were(opened, 'session')} opened, and {ENOUGH} are needed for a fit", code=EXIT_UNKNOWN
        )
    kinds, groups = _groups(recordings, options)
    people = [fit_person(group, options.seed) for group in groups]
    if len(people) > 1:
        people.sort(key=lambda person: -person.share)
    limits = {recording.limit for recording in recordings}
    return Fit(
        tuple(recording.name for recording in recordings),
        any(recording.simulated for recording in recordings),
        sum(recording.seconds for recording in recordings),
        opened,
        tuple(people),
        fit_arrivals(
            [recording.persons["t"].to_numpy(dtype=float) for recording in recordings],
            [(recording.started_unix, recording.seconds) for recording in recordings],
        ),
        kinds,
        limits.pop() if len(limits) == 1 else None,
        tuple(_notes(recordings, kinds)),
    )


def _recordings(folders: Sequence[Path]) -> list[Recording]:
    found: list[Recording] = []
    mistakes: list[Mistake] = []
    for number, folder in enumerate(folders):
        try:
            found.append(read_recording(folder, number * _NAME_ROOM))
        except InputError as error:
            mistakes += error.mistakes
    if mistakes:
        raise InputError(mistakes)
    return found


def _groups(recordings: Sequence[Recording], options: FitOptions) -> tuple[Kinds | None, list[Group]]:
    if options.by_profile:
        names = sorted({name for recording in recordings for name in recording.persons["profile"]})
        return None, [_named(name, recordings, options) for name in names if _opened(recordings, name)]
    left = [_departures(recording, recording.sessions) for recording in recordings]
    kinds = _kinds(recordings, left, options)
    if kinds is None or not kinds.kind_of_each.any():
        whole = Group(options.name, recordings, left, 1.0, [recording.persons for recording in recordings])
        return kinds, [whole]
    sessions = pd.concat([each.table["session"] for each in left], ignore_index=True)
    number = pd.Series(kinds.kind_of_each, index=sessions)

    def belongs(kind: int, numbers: pd.Series) -> pd.Series:
        return numbers.map(number) == kind

    groups = []
    for kind in range(int(kinds.kind_of_each.max()) + 1):
        name = options.name if not kind else f"{options.name}-{kind + 1}"
        share = float((kinds.kind_of_each == kind).mean())
        groups.append(_of_kind(name, recordings, share, partial(belongs, kind), options.seed))
    return kinds, groups


def _kinds(recordings: Sequence[Recording], left: Sequence[Departures], options: FitOptions) -> Kinds | None:
    table = pd.concat([each.table for each in left], ignore_index=True)
    if options.most_kinds < 2 or len(table) < 2 * LEAST_SESSIONS:
        return None
    tasks = pd.concat([recording.tasks for recording in recordings], ignore_index=True)
    beats = pd.concat([recording.beats for recording in recordings], ignore_index=True)
    gaps = gaps_of(table, tasks, SECONDS_A_WORD, options.seed)
    return find_kinds(features_of(table, gaps, beats), options.seed, options.most_kinds)


def _departures(recording: Recording, sessions: pd.DataFrame) -> Departures:
    return departures(sessions, recording.beats, recording.seconds)


def _named(name: str, recordings: Sequence[Recording], options: FitOptions) -> Group:
    everyone = sum(len(recording.persons) for recording in recordings)
    persons = [recording.persons[recording.persons["profile"] == name] for recording in recordings]
    left = [
        _departures(recording, recording.sessions[recording.sessions["profile"] == name]) for recording in recordings
    ]
    return Group(f"{options.name}-{name}", recordings, left, sum(map(len, persons)) / everyone, persons)


def _opened(recordings: Sequence[Recording], name: str) -> int:
    return sum(int((recording.sessions["profile"] == name).sum()) for recording in recordings)


def _of_kind(
    name: str,
    recordings: Sequence[Recording],
    share: float,
    belongs: Callable[[pd.Series], pd.Series],
    seed: int,
) -> Group:
    """Returns a kind's sessions. Who was never served is of no known kind: a random part of them, of the kind's share."""
    left, persons = [], []
    generator = np.random.default_rng([seed, 30])
    for recording in recordings:
        left.append(_departures(recording, recording.sessions[belongs(recording.sessions["session"])]))
        served = recording.persons["session"].isin(recording.sessions["session"])
        drawn = generator.random(len(recording.persons)) < share
        own = belongs(recording.persons["session"]) | (~served & drawn)
        persons.append(recording.persons[own])
    return Group(name, recordings, left, share, persons)


def _notes(recordings: Sequence[Recording], kinds: Kinds | None) -> list[str]:
    notes = []
    before = sum(recording.before for recording in recordings)
    if before:
        notes.append(
            f"{were(before, 'session')} opened before a recording began: not used, because their length is unknown"
        )
    unserved = sum(int((~recording.persons["served"].astype(bool)).sum()) for recording in recordings)
    if unserved:
        notes.append(
            f"{count(unserved, 'person', 'people')} never got a session: how long they would have stayed is unknown"
        )
    if kinds and kinds.rejected:
        notes.append(f"kinds of people: not told apart further ({kinds.rejected})")
    return notes
