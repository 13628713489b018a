"""Fits one kind of person: every figure of a profile that the log shows, and why the others are defaults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from loadtests.model.api.rules import milliseconds
from loadtests.model.text.wording import count, percent
from reports.fit.arrivals import Arrivals, fit_arrivals
from reports.fit.choice import Fitted, fit_distribution
from reports.fit.departures import Departures
from reports.fit.estimate import Estimate
from reports.fit.keepalive_policy import KeepAlivePolicy, fit_keep_alives
from reports.fit.leaving import LeavingShares, fit_leaving, without_zombies
from reports.fit.observations import Recording
from reports.fit.pauses import fit_pauses
from reports.fit.refusals import Retries, fit_retries
from reports.fit.sample import Sample
from reports.fit.turns import gaps_of

ENOUGH = 20
"""Values that must have been seen to fit a figure."""
SECONDS_A_WORD = milliseconds(1000) / 1e6
_USUAL = 0.5
_POOR = 0.1
_IRREGULAR = 0.9


@dataclass(frozen=True)
class Group:
    """The sessions of one kind, in all recordings."""

    name: str
    recordings: Sequence[Recording]
    departures: Sequence[Departures]
    """Of each recording, with the sessions of this kind only."""
    share: float
    """Of all people: those whose session was refused are of no kind, and are divided by this share."""
    persons: Sequence[pd.DataFrame]
    """The people who arrived in each recording, as far as they are of this kind."""


@dataclass(frozen=True)
class FittedPerson:
    """One kind of person. A figure that is None could not be fitted; `notes` says why, and which default stands for it."""

    name: str
    share: float
    """Of all arrivals."""
    sessions: int
    censored: dict[str, int]
    """Sessions whose length is not known, by reason."""
    arrivals: Arrivals
    idle_timeout: Fitted | None
    session_length: Fitted | None
    words: Fitted | None
    thinking: Fitted | None
    waits: bool
    """Whether people wait for the end of an answer."""
    quiet: Fitted | None
    quiet_chance: Estimate | None
    keep_alive: KeepAlivePolicy | None
    leaving: LeavingShares | None
    retries: Retries | None
    start: bool
    create_token: bool
    notes: tuple[str, ...]


def fit_person(group: Group, seed: int) -> FittedPerson:
    """Returns the fitted figures of a kind."""
    notes: list[str] = []
    left = pd.concat([each.table for each in group.departures], ignore_index=True)
    beats = pd.concat([recording.beats for recording in group.recordings], ignore_index=True)
    tasks = pd.concat([recording.tasks for recording in group.recordings], ignore_index=True)
    beats, tasks = (frame[frame["session"].isin(left["session"])] for frame in (beats, tasks))
    gaps = gaps_of(left, tasks, SECONDS_A_WORD, seed)
    known = left[left["length"].notna()]
    length = Sample.of(known["length"], known["seen"], seed, known["doubt"])
    thinking = quiet = chance = None
    try:
        pauses = fit_pauses(gaps)
        thinking, quiet, chance = pauses.thinking, pauses.quiet, pauses.chance
    except ValueError as error:
        notes.append(f"thinking and quiet periods: {error}; the default is 7 s of thinking without quiet periods")
    keep_alive = fit_keep_alives(left, beats, gaps.turns)
    silence = max((each.longest_silence for each in group.departures), default=0.0)
    leaving = fit_leaving(left, min(recording.seconds for recording in group.recordings), silence)
    has_interval = keep_alive is not None and (keep_alive.every or keep_alive.fraction) is not None
    if leaving and not has_interval:
        leaving = without_zombies(leaving)
    figures = {
        "idle_timeout": _fit(_timeouts(left["idle_timeout"], seed), "idle timeout", "120 s", notes),
        "session_length": _fit(length, "session length", "exponential with a mean of 15 min, at most 1 h", notes),
        "words": _fit(gaps.words, "words", "10 words in a task", notes),
    }
    if keep_alive is None:
        notes.append("keep-alives: too few to tell when they are sent; the default is none")
    elif keep_alive.regular < _IRREGULAR:
        share = percent(1 - keep_alive.regular)
        notes.append(f"keep-alives: {share} are not regular, as of hidden pages; [page] is not fitted")
    if leaving is None:
        notes.append("ways of leaving: too few people are known to have left; the default is that all close")
    fitted = {**figures, "thinking": thinking, "quiet": quiet}
    notes += [
        f"{name.replace('_', ' ')}: no family is close to the data (Kolmogorov–Smirnov distance {each.ks:.2f})"
        for name, each in fitted.items()
        if each and each.ks > _POOR and each.ended >= 2 * ENOUGH
    ]
    used = left[left["tasks"] > 0] if (left["tasks"] > 0).any() else left
    return FittedPerson(
        group.name,
        group.share,
        len(left),
        {str(why): int(n) for why, n in left.loc[left["why"] != "", "why"].value_counts().items()},
        fit_arrivals(
            [persons["t"].to_numpy(dtype=float) for persons in group.persons],
            [(recording.started_unix, recording.seconds) for recording in group.recordings],
        ),
        **figures,
        thinking=thinking,
        waits=gaps.waits,
        quiet=quiet,
        quiet_chance=chance,
        keep_alive=keep_alive,
        leaving=leaving,
        retries=fit_retries(pd.concat(list(group.persons), ignore_index=True)),
        start=bool((used["starts"] > 0).mean() >= _USUAL),
        create_token=bool((left["tokens"] > 0).mean() >= _USUAL),
        notes=tuple(notes),
    )


def _timeouts(asked: pd.Series, seed: int) -> Sample:
    """The idle timeouts; clients ask for whole seconds."""
    sample = Sample.of(asked, seed=seed)
    return replace(sample, step=1.0) if (asked % 1 == 0).all() else sample


def _fit(sample: Sample, what: str, default: str, notes: list[str]) -> Fitted | None:
    if sample.ended >= ENOUGH:
        return fit_distribution(sample)
    notes.append(f"{what}: only {count(sample.ended, 'value')} of {len(sample):,} known; the default is {default}")
    return None
