"""The gaps between the turns of a conversation: what is in them, a log of calls does not say.

The first gap of a session, before the first task, is thinking alone. A later one may contain a quiet period, too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from reports.fit.sample import Floats, Sample

_OVERLAP_SECONDS = 0.1
_MOST_OVERLAPS = 0.02
_FEWEST_CERTAIN = 30


@dataclass(frozen=True)
class Gaps:
    """Seconds from the end of a turn to the next task; right-censored where the session ended first."""

    first: Sample
    later: Sample
    waits: bool
    """Whether people wait until the answer has been played."""
    words: Sample
    """How long answers play, in words."""
    table: pd.DataFrame
    """Columns session, over, gap, seen, is_first: all of them."""
    turns: pd.DataFrame
    """Columns session, tasks (how many before), over: when each turn was over, and the opening as the turn 0."""


def gaps_of(left: pd.DataFrame, tasks: pd.DataFrame, seconds_a_word: float, seed: int) -> Gaps:
    """Returns the gaps of the sessions in `left` (of `departures`). `seconds_a_word`: how fast the sandbox speaks an answer."""
    # When a leak's person left is an estimate, and so would be how long the last pause lasted.
    certain = left[left["doubt"] == 0]
    left = certain if (certain["tasks"] > 0).sum() >= _FEWEST_CERTAIN else left
    ends = left.assign(end=left["opened"] + left["length"].fillna(0.0))
    begins = ends["started"].fillna(ends["opened"])
    own = tasks[tasks["session"].isin(left["session"])]
    # A task after the person had left is a crash, or a client's that knows nothing of it.
    own = own.merge(ends[["session", "end"]], on="session")
    own = own[own["t"] <= own["end"] + 1e-6]
    waits = _waits(own)
    played = own["value"].where((own["outcome"] == "ok") & waits, 0.0).fillna(0.0)
    acts = pd.concat(
        [
            pd.DataFrame(
                {"session": ends["session"], "t": ends["opened"], "over": begins, "task": False, "end": ends["end"]}
            ),
            own.assign(over=own["answered"] + played, task=True)[["session", "t", "over", "task", "end"]],
        ]
    ).sort_values(["session", "t"], kind="stable")
    following = acts["t"].shift(-1).where(acts["session"].eq(acts["session"].shift(-1)))
    gap = (following.fillna(acts["end"]) - acts["over"]).to_numpy(dtype=float)
    is_seen, is_first = following.notna().to_numpy(), ~acts["task"].to_numpy(dtype=bool)
    # A session that ended while an answer was played shows no gap.
    shown = gap > (1e-9 if waits else 0.0)
    values = own.loc[own["outcome"] == "ok", "value"].dropna().to_numpy(dtype=float)
    return Gaps(
        Sample.of(gap[is_first & shown], is_seen[is_first & shown], seed),
        Sample.of(gap[~is_first & shown], is_seen[~is_first & shown], seed),
        waits,
        _words(values[values > 0] / seconds_a_word, seed),
        acts.assign(gap=gap, seen=is_seen, is_first=is_first)[shown][["session", "over", "gap", "seen", "is_first"]],
        acts.assign(tasks=acts.groupby("session").cumcount())[["session", "tasks", "over"]],
    )


def _waits(tasks: pd.DataFrame) -> bool:
    """Whether hardly any task is sent while the answer to the one before is still played."""
    following = tasks["t"].shift(-1).where(tasks["session"].eq(tasks["session"].shift(-1)))
    known = following.notna() & (tasks["value"] > 0) & (tasks["outcome"] == "ok")
    if not known.any():
        return True
    early = following[known] < (tasks["answered"] + tasks["value"])[known] - _OVERLAP_SECONDS
    return bool(early.mean() < _MOST_OVERLAPS)


def _words(words: Floats, seed: int) -> Sample:
    whole = np.round(words)
    is_whole = len(words) > 0 and bool((np.abs(words - whole) < 0.01).mean() > 0.95)
    return Sample.of(whole, seed=seed).rounded() if is_whole else Sample.of(words, seed=seed)
