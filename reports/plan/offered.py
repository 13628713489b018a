"""What was offered: who came, for how long they hold a slot, and the load in Erlang that this comes to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from reports.plan.interval import Interval, interval_of, resampled_sums
from reports.plan.poisson import PoissonTest, test_arrivals
from reports.plan.stretches import Stretch


@dataclass(frozen=True)
class Holding:
    """Seconds that a session holds its slot, on average, in three parts."""

    used: float
    """The person is there, and something is going on."""
    quiet: float
    """The person is there, and silent."""
    tail: float
    """The person has gone: leaks alone have it, but it is spread over all."""
    total: float
    p50: float
    p95: float


@dataclass(frozen=True)
class Offered:
    """The load that came, in one stretch of a run."""

    run: str
    stretch: str
    low: float
    """Seconds of its run."""
    high: float
    arrivals: PoissonTest
    """First attempts."""
    retries: int
    """Later attempts of the same people: apart, since they are no load of their own."""
    holding: Holding | None
    leak_share: float | None
    """Of people, who leave their session open."""
    erlang: Interval | None
    """First attempts a second × the mean holding time: slots that would be held if nobody were refused."""
    erlang_without_leaks: Interval | None
    profiles: tuple[OfProfile, ...]
    unknown: str | None
    """Why the load cannot be told; None: it can."""


@dataclass(frozen=True)
class OfProfile:
    """One profile's part."""

    name: str
    first_attempts: int
    retries: int
    holding: Holding | None
    erlang: float | None


def people_in(people: pd.DataFrame, stretch: Stretch) -> pd.DataFrame:
    """Who came in `stretch`. What a zombie holds counts until the stretch ends: after that, only the run's end freed it."""
    came = people[(people["t"] >= stretch.low) & (people["t"] < stretch.high)]
    until = (stretch.high - came["t"] - came["used"]).clip(lower=0.0)
    return came.assign(tail=came["tail"].where(~came["endless"], came["tail"].clip(upper=until)))


def build_offered(people: pd.DataFrame, stretch: Stretch, seed: int) -> Offered:
    """The load of `people`, those of the run, in `stretch`."""
    came = people_in(people, stretch)
    arrivals = test_arrivals(came["t"].to_numpy(dtype=float), stretch.low, stretch.high, seed)
    unknown = _unknown(came)
    used, tail = (came[name].to_numpy(dtype=float) for name in ("used", "tail"))
    seconds = stretch.seconds
    return Offered(
        stretch.run,
        stretch.name,
        stretch.low,
        stretch.high,
        arrivals,
        int(came["attempts"].sum()) - len(came),
        None if unknown else _holding(came),
        None if unknown else float(came["leak"].mean()),
        None if unknown else _erlang(used + tail, seconds, seed),
        None if unknown else _erlang(used, seconds, seed),
        tuple(_of_profile(str(name), own, seconds) for name, own in came.groupby("profile", sort=True)),
        unknown,
    )


def _unknown(came: pd.DataFrame) -> str | None:
    if came.empty:
        return "nobody asked for a session"
    if unplanned := int(came["used"].isna().sum()):
        return f"nobody knows how long {unplanned} of those who were refused, or still there at the end, meant to stay"
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
