"""Fits one kind of person: every figure of a profile that the log shows, and why the others are defaults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
from reports.fit.pauses import Pauses, fit_pauses
from reports.fit.refusals import Retries, fit_retries
from reports.fit.sample import Sample
from reports.fit.turns import Gaps, gaps_of

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
    left, beats, tasks = _tables(group)
    gaps = gaps_of(left, tasks, SECONDS_A_WORD, seed)
    pauses = _pauses(gaps, notes)
    keep_alive = fit_keep_alives(left, beats, gaps.turns)
    leaving = _leaving(group, left, keep_alive)
    figures = {
        "idle_timeout": _fit(_timeouts(left["idle_timeout"], seed), "idle timeout", "120 s", notes),
        "session_length": _fit(
            _lengths(left, seed), "session length", "exponential with a mean of 15 min, at most 1 h", notes
        ),
        "words": _fit(gaps.words, "words", "10 words in a task", notes),
    }
    notes += _doubts(keep_alive, leaving)
    thinking, quiet = (pauses.thinking, pauses.quiet) if pauses else (None, None)
    notes += _poor({**figures, "thinking": thinking, "quiet": quiet})
    used = left[left["tasks"] > 0] if (left["tasks"] > 0).any() else left
    return FittedPerson(
        group.name,
        group.share,
        len(left),
        {str(why): int(n) for why, n in left.loc[left["why"] != "", "why"].value_counts().items()},
        _arrivals(group),
        **figures,
        thinking=thinking,
        waits=gaps.waits,
        quiet=quiet,
        quiet_chance=pauses.chance if pauses else None,
        keep_alive=keep_alive,
        leaving=leaving,
        retries=fit_retries(pd.concat(list(group.persons), ignore_index=True)),
        start=bool((used["starts"] > 0).mean() >= _USUAL),
        create_token=bool((left["tokens"] > 0).mean() >= _USUAL),
        notes=tuple(notes),
    )


def _tables(group: Group) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Returns the group's sessions (see `departures`), their keep-alives and their tasks."""
    left = pd.concat([each.table for each in group.departures], ignore_index=True)
    beats = pd.concat([recording.beats for recording in group.recordings], ignore_index=True)
    tasks = pd.concat([recording.tasks for recording in group.recordings], ignore_index=True)
    return left, beats[beats["session"].isin(left["session"])], tasks[tasks["session"].isin(left["session"])]


def _pauses(gaps: Gaps, notes: list[str]) -> Pauses | None:
    try:
        return fit_pauses(gaps)
    except ValueError as error:
        notes.append(f"thinking and quiet periods: {error}; the default is 7 s of thinking without quiet periods")
    return None


def _leaving(group: Group, left: pd.DataFrame, keep_alive: KeepAlivePolicy | None) -> LeavingShares | None:
    silence = max((each.longest_silence for each in group.departures), default=0.0)
    leaving = fit_leaving(left, min(recording.seconds for recording in group.recordings), silence)
    has_interval = keep_alive is not None and (keep_alive.every or keep_alive.fraction) is not None
    return leaving if leaving is None or has_interval else without_zombies(leaving)


def _arrivals(group: Group) -> Arrivals:
    return fit_arrivals(
        [persons["t"].to_numpy(dtype=float) for persons in group.persons],
        [(recording.started_unix, recording.seconds) for recording in group.recordings],
    )


def _doubts(keep_alive: KeepAlivePolicy | None, leaving: LeavingShares | None) -> Iterator[str]:
    """Yields why keep-alives and ways of leaving are not fitted, or not completely."""
    if keep_alive is None:
        yield "keep-alives: too few to tell when they are sent; the default is none"
    elif keep_alive.regular < _IRREGULAR:
        yield f"keep-alives: {percent(1 - keep_alive.regular)} are not regular, as of hidden pages; [page] is not fitted"
    if leaving is None:
        yield "ways of leaving: too few people are known to have left; the default is that all close"


def _poor(fitted: Mapping[str, Fitted | None]) -> Iterator[str]:
    """Yields the figures whose distribution is not close to the data."""
    for name, each in fitted.items():
        if each and each.ks > _POOR and each.ended >= 2 * ENOUGH:
            what = name.replace("_", " ")
            yield f"{what}: no family is close to the data (Kolmogorov–Smirnov distance {each.ks:.2f})"


def _lengths(left: pd.DataFrame, seed: int) -> Sample:
    """How long sessions were used, as far as it is known."""
    known = left[left["length"].notna()]
    return Sample.of(known["length"], known["seen"], seed, known["doubt"])


def _timeouts(asked: pd.Series, seed: int) -> Sample:
    """The idle timeouts; clients ask for whole seconds."""
    sample = Sample.of(asked, seed=seed)
    return replace(sample, step=1.0) if (asked % 1 == 0).all() else sample


def _fit(sample: Sample, what: str, default: str, notes: list[str]) -> Fitted | None:
    if sample.ended >= ENOUGH:
        return fit_distribution(sample)
    notes.append(f"{what}: only {count(sample.ended, 'value')} of {len(sample):,} known; the default is {default}")
    return None
