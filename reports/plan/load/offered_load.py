"""Measures the offered load: arrivals, holding times, and their product in Erlang."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from loadtests.model.text.wording import count
from reports.plan.load.interval import Interval, interval_of, resampled_sums
from reports.plan.load.phases import Phase
from reports.plan.load.poisson import PoissonTest, test_arrivals


@dataclass(frozen=True)
class Holding:
    """Mean seconds that a session holds its slot, in three parts."""

    used: float
    """While the person is active."""
    quiet: float
    """While the person is quiet."""
    tail: float
    """After the person has left: only leaks have it, but this is the mean over all sessions."""
    total: float
    p50: float
    p95: float


@dataclass(frozen=True)
class OfferedLoad:
    """The offered load in one phase of a run."""

    run: str
    stretch: str
    """The name of the phase."""
    low: float
    """Seconds of its run."""
    high: float
    arrivals: PoissonTest
    """First attempts."""
    retries: int
    """Later attempts of the same people, counted apart because they add no load."""
    holding: Holding | None
    leak_share: float | None
    """Share of people who leave their session open."""
    erlang: Interval | None
    """First attempts a second × the mean holding time: slots held if nobody were refused."""
    erlang_without_leaks: Interval | None
    profiles: tuple[OfProfile, ...]
    unknown: str | None
    """Why the load is unknown; None: it is known."""


@dataclass(frozen=True)
class OfProfile:
    """The part of one profile."""

    name: str
    first_attempts: int
    retries: int
    holding: Holding | None
    erlang: float | None


def people_in(people: pd.DataFrame, phase: Phase) -> pd.DataFrame:
    """Return who arrived in `phase`. A zombie's slot counts until the phase ends: only the end of the run freed it."""
    came = people[(people["t"] >= phase.low) & (people["t"] < phase.high)]
    until = (phase.high - came["t"] - came["used"]).clip(lower=0.0)
    return came.assign(tail=came["tail"].where(~came["endless"], came["tail"].clip(upper=until)))


def build_offered_load(people: pd.DataFrame, phase: Phase, seed: int) -> OfferedLoad:
    """Measure the load in `phase` of a run of `people`."""
    came = people_in(people, phase)
    arrivals = test_arrivals(came["t"].to_numpy(dtype=float), phase.low, phase.high, seed)
    unknown = _unknown(came)
    used, tail = (came[name].to_numpy(dtype=float) for name in ("used", "tail"))
    seconds = phase.seconds
    return OfferedLoad(
        phase.run,
        phase.name,
        phase.low,
        phase.high,
        arrivals,
        int(came["attempts"].sum()) - len(came),
        None if unknown else _holding(came),
        None if unknown else float(came["leak"].mean()),
        None if unknown else _erlang(used + tail, seconds, seed),
        None if unknown else _erlang(used, seconds, seed),
        tuple(_of_profile(str(name), own, seconds) for name, own in came.groupby("profile", sort=True)),
        unknown,
    )


def unknown_stays(number: int) -> str:
    """Return the reason why a load is unknown if the planned stays of so many people are."""
    return f"the planned stay of {count(number, 'user')} is unknown (refused, or still there at the end)"


def _unknown(came: pd.DataFrame) -> str | None:
    if came.empty:
        return "no session was requested"
    if unplanned := int(came["used"].isna().sum()):
        return unknown_stays(unplanned)
    return None


def _holding(came: pd.DataFrame) -> Holding:
    quiet, tail = float(came["quiet"].mean()), float(came["tail"].mean())
    total = came["used"] + came["tail"]
    p50, p95 = (float(total.quantile(share)) for share in (0.5, 0.95))
    return Holding(float(came["used"].mean()) - quiet, quiet, tail, float(total.mean()), p50, p95)


def _erlang(held: npt.NDArray[np.float64], seconds: float, seed: int) -> Interval:
    return interval_of(float(held.sum()) / seconds, resampled_sums(held, seed) / seconds)


def _of_profile(name: str, own: pd.DataFrame, seconds: float) -> OfProfile:
    is_known = not own["used"].isna().any()
    return OfProfile(
        name,
        len(own),
        int(own["attempts"].sum()) - len(own),
        _holding(own) if is_known else None,
        float((own["used"] + own["tail"]).sum()) / seconds if is_known else None,
    )
