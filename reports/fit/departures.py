"""When and how each person left, as far as the calls tell.

A client that stops its session shows both. One that leaks it falls silent; its person left between the last call and the call
that would have come next. A person may leave at any moment, so the time since the last call is on average E[g²] / (2 E[g]) for
gaps g between calls (the mean age of a renewal process: Cox 1962, Renewal Theory, section 5.4); it is added to the last call.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import fisher_exact

from loadtests.model.people.profile import Way

CAPPED, REAPED, OPEN, CUT = "capped", "reaped", "open", "cut"
"""Why a length is censored: the API's limit of a session's duration; reaped while its person was there; still open when the
recording ended; closed by the recording's own end."""
_SLACK = 2.0
"""Seconds around a cap."""
_FACTOR = 1.5
"""A silence with keep-alives that is so many times the longest that ended is a zombie's."""
_ALPHA = 0.01
_FEWEST_SILENCES = 3


@dataclass(frozen=True)
class Departures:
    """Columns: session, opened, idle_timeout, length (s), doubt (by how much that may be off, s), seen, way, why. `seen`: the
    person left after `length`; otherwise they stayed longer. `way` is "" where it is not known, and `why` then says why.
    """

    table: pd.DataFrame
    longest_silence: float
    """Seconds with keep-alives alone after which a person is taken to have left."""


def departures(sessions: pd.DataFrame, beats: pd.DataFrame, horizon: float) -> Departures:
    """Returns when and how each person of `sessions` left; `beats`: their calls in order; `horizon`: when the recording ended."""
    calls = beats[beats["session"].isin(sessions["session"])]
    silence = _longest_silence(sessions, calls)
    of = sessions.reset_index(drop=True)
    opened = of["opened"].to_numpy(dtype=float)
    stopped, cut, gone, vanished, cap, unknown = (
        of[name].to_numpy(dtype=float) for name in ("stopped", "cut", "gone", "vanished", "cap", "unknown")
    )
    last = np.fmax(of["last_call"].to_numpy(dtype=float), opened)
    spoke = np.fmax(of["spoke"].to_numpy(dtype=float), opened)
    idle = of["idle_timeout"].to_numpy(dtype=float)
    # A list may not be polled, so a session that is silent for longer than its timeout is taken to be reaped.
    ended = np.fmin(vanished, np.where(horizon - last > idle + _SLACK, last + idle, np.nan))
    left_behind = np.isnan(stopped) | (gone < stopped)
    until = np.fmin(np.fmin(np.fmin(ended, cut), gone), horizon)
    is_zombie = left_behind & (last - spoke > silence) & (until - spoke > silence)
    is_gone = left_behind & ~np.isnan(gone) & ~is_zombie
    is_capped = (
        left_behind & ~is_gone & (np.abs(ended - opened - cap) <= _SLACK + 0.0 * cap) & (ended < last + idle - 1)
    )
    is_crash = left_behind & ~is_zombie & ~is_gone & ~np.isnan(ended) & (unknown >= last) & ~is_capped
    is_leak = left_behind & ~is_zombie & ~is_gone & ~is_capped & ~is_crash & ~np.isnan(ended)
    # What a zombie sends is not its person's.
    present = calls[~calls["session"].isin(of.loc[is_zombie, "session"])]
    ages = _mean_age(of[~is_zombie], present), _mean_age(of, calls[calls["kind"] != "keep_alive"])
    left = np.select(
        [~left_behind, is_zombie, is_gone, is_capped, is_crash, is_leak],
        [stopped, spoke + np.minimum(ages[1], silence), gone, ended, unknown, np.minimum(last + ages[0], ended)],
        default=np.where(np.isnan(cut), last, cut),
    )
    way = np.select(
        [~left_behind, is_zombie, is_crash, is_leak],
        [Way.CLOSE.value, Way.ZOMBIE.value, Way.CRASH.value, Way.ABANDON.value],
        default="",
    )
    why = np.select([way != "", is_gone, is_capped, ~np.isnan(cut)], ["", REAPED, CAPPED, CUT], default=OPEN)
    doubt = np.select([is_zombie, is_leak], [ages[1], ages[0]], default=0.0)
    table = of.assign(length=np.maximum(left - opened, 0.0), doubt=doubt, way=way, why=why)
    table["way"] = _with_impatient(table)
    impatient = (table["way"] == Way.IMPATIENT.value).to_numpy()
    table["seen"] = (table["way"] != "") & ~impatient
    # Nobody knows how long an impatient person would have stayed.
    table.loc[impatient, "length"] = np.nan
    return Departures(table, silence)


def _longest_silence(sessions: pd.DataFrame, calls: pd.DataFrame) -> float:
    """Returns the seconds with keep-alives alone that no person lets pass: some more than the longest after which one acted."""
    acts = pd.concat(
        [
            calls.assign(spoken=calls["kind"] != "keep_alive")[["session", "t", "spoken"]],
            sessions[["session", "opened"]].rename(columns={"opened": "t"}).assign(spoken=True),
            sessions[["session", "stopped"]].rename(columns={"stopped": "t"}).dropna().assign(spoken=True),
        ]
    ).sort_values(["session", "t"])
    spoken = acts[acts["spoken"]]
    gaps = spoken["t"].diff()[spoken["session"].eq(spoken["session"].shift())]
    # Rows between two spoken ones are keep-alives.
    position = pd.Series(np.arange(len(acts)), index=acts.index)[acts["spoken"].to_numpy()]
    has_keep_alive = (position.diff() > 1).to_numpy()[spoken["session"].eq(spoken["session"].shift()).to_numpy()]
    silences = gaps.to_numpy()[has_keep_alive]
    every = calls[calls["kind"] == "keep_alive"].groupby("session")["t"].diff().median()
    least = 3 * float(every) if every == every else np.inf
    if len(silences) < _FEWEST_SILENCES:
        return least
    return max(_FACTOR * float(silences.max()), least)


def _mean_age(sessions: pd.DataFrame, calls: pd.DataFrame) -> float:
    """Returns the mean seconds since the last call at a random moment of a session."""
    every = pd.concat([calls[["session", "t"]], sessions[["session", "opened"]].rename(columns={"opened": "t"})])
    every = every.sort_values(["session", "t"])
    gaps = every.groupby("session")["t"].diff().dropna().to_numpy(dtype=float)
    return float((gaps**2).sum() / (2 * gaps.sum())) if gaps.sum() > 0 else 0.0


def _with_impatient(table: pd.DataFrame) -> pd.Series:
    """Returns the ways, where leaks that were never used are impatient people if there are more of them than among the closed.

    By Fisher's exact test, at 1 %: a person who closes may have said nothing either.
    """
    unused = (table["tasks"] == 0) & (table["keep_alives"] == 0)
    leaked, closed = table["way"] == Way.ABANDON.value, table["way"] == Way.CLOSE.value
    counts = [[int((group & unused).sum()), int((group & ~unused).sum())] for group in (leaked, closed)]
    if not counts[0][0] or fisher_exact(counts, alternative="greater").pvalue >= _ALPHA:
        return table["way"]
    return table["way"].mask(leaked & unused, Way.IMPATIENT.value)
