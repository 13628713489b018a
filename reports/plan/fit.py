"""Fits the model to the people of one phase.

Where no formula holds by itself (`theory`), a steady load of the recorded people is replayed at one limit after another, to find
the one that refuses the target. The model's load factor is then the one nearest to 1 that gives the same limit. Retries that
follow soon meet the same full account, and add less load than new arrivals: a replay at the account's own limit says how much.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from loadtests.model.maths.erlang import erlang_offered, erlang_servers
from loadtests.model.people.profile import IDLE_RANGE
from reports.plan.load.interval import resampled_sums
from reports.plan.load.population import Population, Stays, mean_pause
from reports.plan.model import DECIDES, By, Model, Question, Silence, Spread, offered, people_of, refused, slots
from reports.plan.prediction.replay import steady
from reports.plan.prediction.theory import Kind

_PERSONS = 12_000
_MOST_REPLAYS = 4
"""The most limits that are replayed."""
_FINE = 100
"""Limits are found to 1 %, and to at least one slot."""
_NONE = 1e-4
"""Used as the share of a replay without a refusal."""
_MOST_SLOTS = 3000
"""With more, a replay would take minutes, and retries change little."""
_SILENCES = 20
_HALVINGS = 40
_ROUNDS = 3
"""Of fitting retries and load factor in turn."""
_CONGESTED = 0.02
"""Below this share of refusals, retries change too little to be measured."""
_LEAST_PART = 0.2
"""A limit far below the load would take too long to replay, and refuses nearly everyone."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Today:
    """The load that the plan is for: the people of one phase."""

    population: Population
    """The people that a replay draws from."""
    seconds: float
    kind: Kind
    others: float
    """Mean number of slots held by others."""
    measured: Stays | None = None
    """Who arrived in the phase; None: the population."""
    name: str = "the whole load"
    limit: int | None = None
    """The account's."""
    idle_range: tuple[float, float] = IDLE_RANGE

    @property
    def stays(self) -> Stays:
        """Who arrived."""
        return self.population.stays if self.measured is None else self.measured


def build_model(today: Today, seed: int) -> tuple[Model, Question]:
    """Return the model, and the load and settings of today."""
    model = _unfitted(today, seed)
    question = today_of(model, today.limit)
    if today.kind != "replay":
        return model, question
    return _fitted(model, question, today, seed), question


def today_of(model: Model, limit: int | None) -> Question:
    """Return the load and settings of today; if the limit is unknown, it is as many slots as are needed on average."""
    question = Question(
        model.arrivals_per_minute, model.session_seconds, model.leak_share, model.idle_timeout, limit or 1
    )
    return question if limit else replace(question, limit=max(1, math.ceil(offered(model, question))))


def _unfitted(today: Today, seed: int) -> Model:
    stays, population = today.stays, today.population
    is_fixed = not population.is_open.any() and bool(population.closed_people)
    total = float(stays.rate.sum())
    ending = stays.leak & ~stays.endless
    endless = stays.leak & stays.endless
    leaking = float(stays.rate[stays.leak].sum())
    timeouts = stays.leak if leaking else np.ones_like(stays.leak)
    timeout = _mean(stays.idle_timeout[timeouts], stays.rate[timeouts])
    attempts = _attempts(stays, population) if today.kind == "replay" else (1.0,)
    pauses = [
        mean_pause(profile) for each in population.closed_people if (profile := population.profiles[each.profile])
    ]
    return Model(
        today.name,
        _by(today.kind, attempts),
        60 * total / today.seconds,
        _mean(stays.used, stays.rate),
        leaking / total if total else 0.0,
        timeout,
        # If nobody leaked, leaks would be reaped the idle timeout after their last activity.
        _silences((timeout - stays.tail)[ending], stays.rate[ending])
        if ending.any()
        else _silences(stays.since, stays.rate),
        float(stays.rate[endless].sum()) / leaking if leaking else 0.0,
        _mean(stays.tail[endless], stays.rate[endless]),
        today.others,
        len(population.closed_people) if is_fixed else 0,
        max(float(np.mean(pauses)), 1e-9) if is_fixed and pauses else 0.0,
        attempts,
        1.0,
        _spread(stays.rate * (stays.used + stays.tail), seed),
        _spread(stays.rate * stays.used, seed),
        today.idle_range,
    )


def _by(kind: Kind, attempts: tuple[float, ...]) -> By:
    if kind != "replay":
        return kind
    return "erlang-b-with-returning" if len(attempts) > 1 else "erlang-b"


def _attempts(stays: Stays, population: Population) -> tuple[float, ...]:
    """Return the share of people who make so many attempts, if each is refused."""
    retries = np.array([policy.retries for policy in population.policies])[stays.profile]
    most = int(retries.max()) if len(retries) else 0
    return (1.0, *(_mean((retries >= number).astype(float), stays.rate) for number in range(1, most + 1)))


def _fitted(model: Model, question: Question, today: Today, seed: int) -> Model:
    """Return the model with the load factor at which it needs as many slots as a replay of the recorded people."""
    erlang, people = offered(model, question), people_of(model, question)
    alone, own = replace(model, others=0.0), erlang - model.others
    guess = slots(alone, own, DECIDES, people)
    rate = float(today.population.stays.rate[today.population.is_open].sum()) / today.seconds
    if guess > _MOST_SLOTS or not (rate or people):
        return model
    found, came = _searched(today.population, rate, guess, DECIDES, seed)
    if not people:
        # Resampled people offer a little more or less than the recorded ones: only the difference from Erlang B counts.
        found = erlang_servers(own, DECIDES) + max(0, found - erlang_servers(came, DECIDES))
    wanted = slots(model, erlang, DECIDES, people) + found - guess
    congested = _congested(model, today, rate, erlang, seed)
    fitted = replace(model, by="replay")
    for _ in range(_ROUNDS):
        if congested is not None:
            fitted = replace(fitted, attempts=_effective(replace(fitted, attempts=model.attempts), erlang, *congested))
        fitted = replace(fitted, load_factor=_factor(fitted, erlang, wanted, people))
    return fitted


def _congested(model: Model, today: Today, rate: float, erlang: float, seed: int) -> tuple[int, float] | None:
    """Return the limit and what a replay refuses at the account's own limit; None: too little to see retries by."""
    limit = (today.limit or 0) - math.ceil(model.others)
    # Without others: they hold their slots in the model as well as here.
    if model.people or len(model.attempts) == 1 or limit < 1 or limit < _LEAST_PART * erlang:
        return None
    result, _ = steady(today.population, rate, limit, seed, _PERSONS)
    return (limit + math.ceil(model.others), result.share) if result.share > _CONGESTED else None


def _effective(model: Model, erlang: float, limit: int, share: float) -> tuple[float, ...]:
    """Return the model's attempts, the retries scaled such that it refuses `share` at `limit`."""

    def scaled(part: float) -> tuple[float, ...]:
        return (1.0, *(part * people for people in model.attempts[1:]))

    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        is_more = refused(replace(model, attempts=scaled(middle)), erlang, limit, 0) > share
        low, high = (low, middle) if is_more else (middle, high)
    return scaled(high)


def _factor(model: Model, erlang: float, found: int, people: int) -> float:
    """Return the load factor nearest to 1 at which the model needs `found` slots."""

    def needed(factor: float) -> int:
        return slots(replace(model, load_factor=factor), erlang, DECIDES, people)

    if needed(1.0) == found:
        return 1.0
    wanted_more = needed(1.0) < found
    near, far = 1.0, 1.0
    for _ in range(_HALVINGS):
        far = far * 1.1 if wanted_more else far / 1.1
        if (needed(far) >= found) if wanted_more else (needed(far) <= found):
            break
    for _ in range(_HALVINGS):
        middle = (near + far) / 2
        is_there = needed(middle) >= found if wanted_more else needed(middle) <= found
        near, far = (near, middle) if is_there else (middle, far)
    return far


def _searched(population: Population, rate: float, guess: int, target: float, seed: int) -> tuple[int, float]:
    """Return the fewest slots near `guess` whose replay refuses at most `target`, and the load of that replay."""
    seen: list[tuple[int, float]] = []
    at = max(1, guess)
    for _ in range(_MOST_REPLAYS):
        result, came = steady(population, rate, at, seed, _PERSONS)
        seen.append((at, result.share))
        # Between two limits, refusals shrink by the same factor from slot to slot.
        following = _crossing(seen, target)
        if abs(following - at) <= max(1, at // _FINE):
            return following, came
        at = following
    return at, came


def _crossing(seen: Sequence[tuple[int, float]], target: float) -> int:
    """Return where the share crosses `target`, from the last two replays; from Erlang B's slope after the first."""
    (last, share), earlier = seen[-1], seen[:-1]
    if not earlier:
        return max(1, _step(last, share, target))
    before, other = min(earlier, key=lambda replayed: abs(math.log(max(replayed[1], _NONE) / target)))
    slope = (math.log(max(share, _NONE)) - math.log(max(other, _NONE))) / (last - before) if last != before else 0.0
    if slope >= 0:
        return max(1, last + (1 if share > target else -1))
    return max(1, math.ceil(last + (math.log(target) - math.log(max(share, _NONE))) / slope - 1e-9))


def _step(at: int, share: float, target: float) -> int:
    """Return the limit at which Erlang B's blocking near `at` goes from `share` to `target`."""
    return erlang_servers(erlang_offered(at, min(max(share, _NONE), 0.999)), target)


def _silences(seconds: Floats, rate: Floats) -> tuple[Silence, ...]:
    """Return groups of equal numbers of leaks, each with its mean: the mean of all is kept."""
    order = np.argsort(seconds, kind="stable")
    total = float(rate.sum())
    if not total:
        return ()
    groups = [group for group in np.array_split(order, min(_SILENCES, len(order))) if rate[group].sum()]
    return tuple(
        Silence(round(_mean(seconds[group], rate[group]), 6), float(rate[group].sum()) / total) for group in groups
    )


def _mean(values: Floats, rate: Floats) -> float:
    return float(np.average(values, weights=rate)) if len(values) and rate.sum() else 0.0


def _spread(held: Floats, seed: int) -> Spread:
    total = float(held.sum())
    if not total:
        return Spread(1.0, 1.0)
    low, high = np.percentile(resampled_sums(held, seed), [2.5, 97.5])
    return Spread(min(1.0, float(low) / total), max(1.0, float(high) / total))
