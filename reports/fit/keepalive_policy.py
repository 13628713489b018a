"""When a client sends keep-alives: never, in quiet periods or always, how often, and with how much jitter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from reports.fit.estimate import Estimate, Z, exact
from reports.fit.sample import Flags, Floats

_FEWEST = 10
_FEW_SENDERS = 0.05
"""Share of the sessions with keep-alives below which the client sends none."""
_LEAST_JITTER = 0.004
_TAIL = 0.025
_NEAR = 0.35
"""Gaps farther than this share from the median are no regular ones: a hidden page, a call that was late."""


@dataclass(frozen=True)
class KeepAlivePolicy:
    """As in a profile."""

    when: Literal["never", "quiet", "always"]
    every: Estimate | None
    """Seconds between two; None: it is a fraction of the idle timeout."""
    fraction: Estimate | None
    jitter: Estimate | None
    regular: float
    """Share of the gaps that are about the interval."""
    sent: int
    """Number of keep-alives."""


def fit_keep_alives(left: pd.DataFrame, beats: pd.DataFrame, turns: pd.DataFrame) -> KeepAlivePolicy | None:
    """Returns the policy of the sessions in `left` (of `departures`); None: too few keep-alives to tell. `turns`: when each turn
    was over (`Gaps.turns`), at which a timer of quiet periods starts.
    """
    own = beats.merge(left[["session", "opened", "idle_timeout"]], on="session")
    own = own[own["kind"] != "start"].sort_values(["session", "t"], kind="stable")
    sent = int((own["kind"] == "keep_alive").sum())
    senders = own.loc[own["kind"] == "keep_alive", "session"].nunique()
    if not sent or senders < _FEW_SENDERS * len(left):
        # A few sessions of another kind may be among them.
        return KeepAlivePolicy("never", None, None, None, 1.0, sent)
    own["tasks"] = (own["kind"] == "task").groupby(own["session"]).cumsum()
    alive = own[own["kind"] == "keep_alive"].merge(turns, on=["session", "tasks"], how="left")
    same = alive["session"].eq(alive["session"].shift()).to_numpy()
    gap, idle = alive["t"].diff().to_numpy(dtype=float), alive["idle_timeout"].to_numpy(dtype=float)
    spans_task = same & (alive["tasks"].diff() > 0).to_numpy()
    is_first = ~same | spans_task
    if same.sum() + is_first.sum() < _FEWEST:
        return None
    since_turn = (alive["t"] - alive["over"]).to_numpy(dtype=float)
    is_always = _is_always(gap, same & ~spans_task, spans_task, idle)
    starts = is_first & np.isfinite(since_turn)
    values = gap[same] if is_always else np.concatenate([gap[same & ~spans_task], since_turn[starts]])
    timeouts = idle[same] if is_always else np.concatenate([idle[same & ~spans_task], idle[starts]])
    if len(values) < _FEWEST:
        return None
    is_fraction = _spread(values / timeouts) < 0.5 * _spread(values)
    values = values / timeouts if is_fraction else values
    near = np.abs(values / np.median(values) - 1) <= _NEAR
    interval, jitter = _interval(values[near])
    every, fraction = (None, interval) if is_fraction else (interval, None)
    return KeepAlivePolicy("always" if is_always else "quiet", every, fraction, jitter, float(near.mean()), sent)


def _is_always(gap: Floats, alone: Flags, across: Flags, idle: Floats) -> bool:
    """Whether a task does not disturb the timer: keep-alives before and after one are as far apart as others."""
    if not across.any():
        return False
    if alone.sum() < _FEWEST:
        # Nothing to compare with: a timer that runs through tasks is regular itself.
        return min(_spread(gap[across]), _spread(gap[across] / idle[across])) <= _NEAR
    by_idle = _spread(gap[alone] / idle[alone]) < 0.5 * _spread(gap[alone])
    values = gap / idle if by_idle else gap
    low, high = np.quantile(values[alone], [0.01, 0.99])
    return bool(((values[across] >= 0.98 * low) & (values[across] <= 1.02 * high)).mean() >= 0.5)


def _spread(values: Floats) -> float:
    low, middle, high = np.quantile(values, [0.1, 0.5, 0.9])
    return float((high - low) / middle) if middle > 0 else np.inf


def _interval(values: Floats) -> tuple[Estimate, Estimate]:
    """Returns the middle and the half width, as a share of it, of values between (1 − j) and (1 + j) times the middle.

    By the quantiles at 2.5 and 97.5 %, so that a call that was late does not count. The error of a quantile is that of an order
    statistic of a uniform distribution.
    """
    n = len(values)
    low, high = np.quantile(values, [_TAIL, 1 - _TAIL])
    middle = float(low + high) / 2
    jitter = float(high - low) / (1 - 2 * _TAIL) / 2 / middle
    if jitter < _LEAST_JITTER:
        return exact(float(np.median(values)), n), exact(0.0, n)
    width = float(high - low) / (1 - 2 * _TAIL)
    error = width * np.sqrt(_TAIL * (1 - _TAIL) / n)
    of_middle = Z * float(error) / np.sqrt(2)
    of_jitter = Z * float(error) * np.sqrt(2) / (1 - 2 * _TAIL) / 2 / middle
    return (
        Estimate(middle, middle - of_middle, middle + of_middle, n),
        Estimate(jitter, max(jitter - of_jitter, 0.0), jitter + of_jitter, n),
    )
