"""The parts of a capacity plan, each by itself: exact figures, or chance with a seed."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from loadtests.model.maths.erlang import engset, erlang_b, erlang_servers
from loadtests.model.people.page import longest_gap
from loadtests.model.people.profile import Profile
from reports.plan.fit import Today, build_model
from reports.plan.hidden import for_hidden_pages, hidden_pair
from reports.plan.leaks import build_leaks
from reports.plan.limit import Limit, build_limits
from reports.plan.load.poisson import test_arrivals as arrivals_of
from reports.plan.load.population import ClosedPerson, Population, Stays
from reports.plan.model import offered, refused
from reports.plan.prediction.replay import replays, steady
from reports.plan.prediction.theory import offered_each, theory_of
from reports.plan.source import read_source
from reports.plan.steps import Step, build_steps
from reports.plan.timeout import CANDIDATES, Pair, build_timeout, interval_for
from tests.golden.story import Story

_SECONDS = 3600.0


def _profile(retries: int = 0, model: str = "open", pause: float = 10.0) -> Profile:
    return Profile.model_validate(
        {
            "name": "caller",
            "session_length": 30,
            "arrivals": {"model": model, "pause": pause},
            "on_refusal": {"retries": retries, "backoff": 60.0, "jitter": 0.5},
        }
    )


def _population(
    n: int, held: float, *, leaks: float = 0.0, tail: float = 0.0, profile: Profile | None = None
) -> Population:
    """`n` people in an hour who stay for `held` seconds on average; every so many leak for `tail` more."""
    generator = np.random.default_rng(7)
    leaking = np.arange(n) % 100 < 100 * leaks
    stays = Stays(
        used=generator.exponential(held, n),
        tail=np.where(leaking, tail, 0.0),
        idle_timeout=np.full(n, 60.0),
        since=np.full(n, 10.0),
        leak=leaking,
        endless=np.zeros(n, dtype=bool),
        profile=np.zeros(n, dtype=int),
        rate=np.ones(n),
    )
    t = np.sort(generator.uniform(0, _SECONDS, n))
    low, high = np.zeros(n), np.full(n, _SECONDS)
    return Population(stays, t, low, high, False, (profile or _profile(),), (), _SECONDS, 0.03, ())


@pytest.mark.parametrize("seed", range(5))
def test_independent_people_come_by_poisson(seed: int) -> None:
    """Both tests let them pass."""
    t = np.random.default_rng(seed).uniform(0, 600, 300)
    told = arrivals_of(t, 0.0, 600.0, 1)
    assert told.poisson is True
    assert told.per_minute == 30
    assert told.dispersion == pytest.approx(1, abs=0.6)
    assert told.gap_variation == pytest.approx(1, abs=0.2)


def test_a_clock_and_bunches_are_not_poisson() -> None:
    """Evenly spaced: too little dispersion; each with four followers: too much."""
    even = arrivals_of(np.arange(300) * 2.0 + 1, 0.0, 600.0, 1)
    bunches = arrivals_of(np.repeat(np.random.default_rng(1).uniform(0, 600, 60), 5), 0.0, 600.0, 1)
    assert (even.poisson, bunches.poisson) == (False, False)
    assert even.dispersion is not None
    assert bunches.dispersion is not None
    assert even.dispersion < 0.1 < 3 < bunches.dispersion


def test_of_few_nothing_is_said() -> None:
    """Unknown, not a number."""
    told = arrivals_of(np.arange(20.0), 0.0, 20.0, 1)
    assert (told.poisson, told.dispersion, told.distance_p, told.gaps) == (None, None, None, ())


def test_the_refused_do_as_the_most_similar_did(tmp_path: Path) -> None:
    """Planned 20 s and to leave without a close: the tail of the leak whose stay was the nearest; who closes has none."""
    story = Story()
    for number, t, stay, way in ((1, 1.0, 5.0, "abandon"), (2, 2.0, 19.0, "abandon"), (3, 3.0, 20.0, "close")):
        story.note(number, "arrive", t, stay, way).call(number, "new", t, value=30.0, detail=f"id-{number}")
        story.leaves(number, t + stay, way)
        if way == "close":
            story.stops(number, t + stay)
        else:
            story.listed(number, t + 0.5).call(number, "task", t + stay - 1.0).vanishes(
                number, t + stay + 28.5, t + stay + 29.5
            )
    for number, t, stay, way in ((4, 4.0, 21.0, "abandon"), (5, 5.0, 12.0, "close")):
        story.note(number, "arrive", t, stay, way).refused(number, t).note(number, "give-up", t, 1, "concurrency-limit")
    people = read_source(story.looks(90).write(tmp_path / "run")).people.set_index("session")
    assert list(people["refused"]) == [False, False, False, True, True]
    assert people.loc[4, "used"] == pytest.approx(21.0, abs=0.1)
    assert people.loc[4, "tail"] == pytest.approx(people.loc[2, "tail"]) == pytest.approx(29.0, abs=0.6)
    assert people.loc[5, "used"] == pytest.approx(12.0, abs=0.1)
    assert people.loc[5, "tail"] == 0
    assert list(people["leak"]) == [True, True, False, True, False]


@pytest.mark.parametrize("limit", [30, 60])
def test_a_replay_of_people_who_do_not_come_back_is_erlangs(limit: int) -> None:
    """In a load that lasts, and within the chance of many runs."""
    population = _population(6000, 30.0)
    load = float(population.stays.used.sum()) / _SECONDS
    tally, came = steady(population, 6000 / _SECONDS, limit, 1, 20_000)
    assert came == pytest.approx(load, rel=0.03)
    assert tally.share == pytest.approx(erlang_b(came, limit), abs=0.012)
    shares = [each.share for each in replays(population, limit, 1, 8)]
    assert np.mean(shares) == pytest.approx(erlang_b(load, limit), abs=0.012)


def test_a_replay_of_residents_is_engsets() -> None:
    """Thirty people, 30 s inside and 10 s of pause each, and 20 slots."""
    profile = _profile(model="closed")
    population = replace(_population(500, 30.0, profile=profile), closed_people=(ClosedPerson(0, 0.0, _SECONDS),) * 30)
    shares = [each.share for each in replays(population, 20, 1, 12)]
    assert np.mean(shares) == pytest.approx(engset(30, offered_each(population), 20), abs=0.02)


def test_the_theory_follows_from_what_people_do() -> None:
    """Erlang B, Engset, or neither."""
    alone = _population(100, 30.0)
    returning = _population(100, 30.0, profile=_profile(retries=2))
    closed = replace(
        _population(100, 30.0, profile=_profile(model="closed")), closed_people=(ClosedPerson(0, 0.0, 60.0),)
    )
    told = [
        theory_of(alone, is_poisson=True, is_steady=True),
        theory_of(alone, is_poisson=False, is_steady=True),
        theory_of(alone, is_poisson=True, is_steady=False),
        theory_of(returning, is_poisson=True, is_steady=True),
        theory_of(closed, is_poisson=False, is_steady=True),
    ]
    assert [theory.kind for theory in told] == ["erlang-b", "replay", "replay", "replay", "engset"]


def test_another_share_of_leaks_and_another_timeout() -> None:
    """As many people as before, and what leaks hold moves with the timeout."""
    population = _population(2000, 30.0, leaks=0.1, tail=50.0)
    for share in (0.0, 0.3, 1.0):
        stays = population.changed(leak_share=share).stays
        assert stays.rate.sum() == pytest.approx(2000)
        assert stays.rate[stays.leak].sum() == pytest.approx(2000 * share)
    longer = population.changed(idle_timeout=120.0).stays
    assert set(longer.tail[longer.leak]) == {110.0}
    made = _population(2000, 30.0).changed(leak_share=0.25).stays
    assert made.rate[made.leak].sum() == pytest.approx(500)
    assert set(made.tail[made.leak]) == {50.0}, "the timeout less the silence before leaving"
    assert population.changed(arrivals=3.0).stays.rate.sum() == pytest.approx(6000)


def test_the_first_part_of_a_run_has_its_part_of_the_people() -> None:
    """Ten minutes of the hour: a sixth of them."""
    part = _population(3000, 30.0).until(600.0)
    came = [len(each.first) for each in replays(part, 1000, 1, 20)]
    assert np.mean(came) == pytest.approx(500, rel=0.05)


def test_limits_by_erlang_b_are_its_inverse() -> None:
    """Growing with arrivals, and with what is asked for; leaks cost slots."""
    population = _population(4000, 30.0, leaks=0.2, tail=50.0)
    limits = _limits(Today(population, _SECONDS, "erlang-b", 0.0))
    by = {(each.arrivals, each.leaks, each.target): each for each in limits}
    assert len(limits) == len(by) == 24
    for each in limits:
        assert each.slots == erlang_servers(each.erlang, each.target)
        assert each.low <= each.slots <= each.high
    assert by[1.0, True, 0.01].slots > by[1.0, False, 0.01].slots
    assert by[10.0, True, 0.01].erlang == pytest.approx(10 * by[1.0, True, 0.01].erlang)


def _limits(today: Today) -> list[Limit]:
    return build_limits(*build_model(today, 1))


def test_people_who_come_back_need_more_slots() -> None:
    """No fewer than Erlang B for people who do not; at the limit found a replay refuses about the target; and as many as the
    model says at the account's own limit, where the retries meet a full account.
    """
    population = _population(3000, 30.0, profile=_profile(retries=3))
    model, today = build_model(Today(population, _SECONDS, "replay", 0.0, limit=24), 1)
    limits = {each.target: each for each in build_limits(model, today) if each.arrivals == 1 and each.leaks}
    at_five = limits[0.05]
    assert at_five.by == "replay"
    assert at_five.slots > erlang_servers(at_five.erlang, 0.05)
    for limit, least, most in ((at_five.slots, 0.02, 0.08), (24, 0.9, 1.1)):
        share = steady(population, 3000 / _SECONDS, limit, 9, 12_000)[0].share
        scale = refused(model, at_five.erlang, limit, 0) if limit == 24 else 1.0
        assert least * scale < share < most * scale


def _people(leaks: int, others: int) -> pd.DataFrame:
    n = leaks + others
    is_leak = np.arange(n) < leaks
    return pd.DataFrame(
        {
            "session": range(n),
            "served": True,
            "leak": is_leak,
            "endless": False,
            "since_spoke": 10.0,
            "tail": np.where(is_leak, 50.0, 0.0),
            "way": np.where(np.arange(n) < leaks // 2, "abandon", np.where(is_leak, "crash", "close")),
            "intent": "close",
        }
    )


def test_the_trade_off_of_timeouts() -> None:
    """Ten sessions of which one is silent for 100 s; five leaks, silent for 10 s before they left, in 100 s."""
    gaps = pd.DataFrame({"session": [3, 3, 4], "gap": [100.0, 35.0, 40.0]})
    told = build_timeout(_people(5, 5), gaps, 100.0, failing=0.1, slack=1.0, survives=2)
    by = {each.idle_timeout: each for each in told.candidates}
    assert (by[30].lost, by[45].lost, by[90].lost, by[120].lost) == (0.2, 0.1, 0.1, 0.0)
    assert by[60].leaked_slots == pytest.approx(5 * (60 - 10) / 100)
    assert by[60].keep_alive == 19
    assert 60 - 3 * by[60].keep_alive >= 1
    assert by[60].leaked_slots_with == pytest.approx(5 * (60 - 9.5) / 100)
    assert by[60].lost_with == pytest.approx(100 / 19 * 0.001 / 10)
    assert by[120].lost_with == 0
    assert told.recommended is not None
    assert (told.recommended.idle_timeout, told.recommended.keep_alive) == (60, 19)
    assert told.without_keep_alives == 120
    assert told.longest_gap == 100


def test_an_idle_timeout_that_the_api_sets_is_the_only_one() -> None:
    """Whatever it loses; with keep-alives at the interval that it allows, where the API has them."""
    gaps = pd.DataFrame({"session": [3, 3], "gap": [400.0, 35.0]})
    fixed = partial(
        build_timeout, _people(5, 5), gaps, 100.0, failing=0.0, slack=1.0, idle_range=(300.0, 300.0), is_fixed=True
    )
    told = fixed()
    assert [(each.idle_timeout, each.lost, each.keep_alive) for each in told.candidates] == [(300, 0.1, 99)]
    assert told.recommended
    assert (told.recommended.idle_timeout, told.recommended.keep_alive) == (300, 99)
    assert told.recommended.why.startswith("the API sets it; the interval tolerates 2 failed keep-alives in a row")
    alone = fixed(has_keep_alive=False)
    assert alone.recommended == Pair(300, None, 2, "the API sets it")


def test_without_keep_alives_the_timeout_must_outlast_silence() -> None:
    """The shortest that loses at most 1 % of sessions, longer than today's; nothing is said of keep-alives."""
    gaps = pd.DataFrame({"session": [3, 4], "gap": [100.0, 40.0]})
    alone = partial(build_timeout, _people(5, 5), gaps, 100.0, failing=0.0, slack=1.0, has_keep_alive=False)
    told = for_hidden_pages(alone(today=30.0), (), 2)
    assert told.recommended
    assert (told.recommended.idle_timeout, told.recommended.keep_alive, told.hidden) == (120, None, None)
    assert {each.keep_alive for each in told.candidates} == {each.lost_with for each in told.candidates} == {None}
    assert alone(idle_range=(30.0, 90.0)).recommended is None


@pytest.mark.parametrize("survives", [0, 1, 2, 5])
def test_the_interval_survives_what_it_promises(survives: int) -> None:
    """After so many lost in a row the next still comes before the timeout; one second more, and it would not."""
    for timeout in (30, 61, 120, 3599):
        interval = interval_for(timeout, survives, 1.0)
        assert interval * (survives + 1) <= timeout - 1
        assert (interval + 1) * (survives + 1) > timeout - 1


@pytest.mark.parametrize("survives", [0, 1, 2, 5])
def test_the_pair_for_hidden_pages_survives_what_it_promises(survives: int) -> None:
    """After so many lost in a row the next of a hidden page still comes in time; the candidate before would not allow it."""
    pair = hidden_pair(CANDIDATES, survives, 1.0)
    assert pair is not None
    assert longest_gap(pair.keep_alive) * (survives + 1) <= pair.idle_timeout - 1
    shorter = max(timeout for timeout in CANDIDATES if timeout < pair.idle_timeout)
    assert longest_gap(1.0) * (survives + 1) > shorter - 1
    assert hidden_pair((30, 60), survives, 1.0) is None


@pytest.mark.parametrize(("hidden", "recommended"), [(0.0, (60, 19.0)), (0.5, (240, 78.0))])
def test_people_whose_pages_are_hidden_are_recommended_the_pair_for_hidden_pages(
    hidden: float, recommended: tuple[int, float]
) -> None:
    """Others are told of it, and keep their own."""
    gaps = pd.DataFrame({"session": [3], "gap": [100.0]})
    told = build_timeout(_people(5, 5), gaps, 100.0, failing=0.0, slack=1.0, survives=2)
    person = Profile.model_validate({"name": "tab", "session_length": 30, "page": {"hidden": hidden}})
    told = for_hidden_pages(told, [person], 2)
    assert told.recommended is not None and told.hidden is not None
    assert (told.recommended.idle_timeout, told.recommended.keep_alive) == recommended
    assert told.hidden.idle_timeout == 240


def test_each_way_of_leaving_has_its_price() -> None:
    """Slots on average, and by how much the limit could be lower."""
    model, today = build_model(Today(_population(2000, 30.0, leaks=0.06, tail=50.0), _SECONDS, "erlang-b", 0.0), 1)
    told = build_leaks(_people(6, 94), 100.0, model, today, 0.5)
    assert {leak.way: leak.count for leak in told.ways} == {"abandon": 3, "crash": 3}
    assert told.together is not None
    assert told.together.slots == pytest.approx(3.0)
    load, without = (offered(model, each) for each in (today, replace(today, leak_share=0.0)))
    assert told.together.saves["0.01"] == erlang_servers(load, 0.01) - erlang_servers(without, 0.01) > 0
    assert all(way.saves["0.01"] < told.together.saves["0.01"] for way in told.ways)
    assert told.together.costs_an_hour == pytest.approx(3 * 60 * 0.5)
    assert build_leaks(_people(0, 10), 100.0, model, today, None).together is None


def _step(came: float, admitted: float) -> Step:
    return Step("run", f"{came:g}", 60.0, int(came), came, came, admitted, admitted, 0.0, 0.0, "erlang-b")


def test_where_admitted_sessions_stop_growing() -> None:
    """The first step of whose further arrivals less than half got in; whatever the order of the steps."""
    assert build_steps([_step(40, 31), _step(10, 10), _step(20, 20), _step(30, 28)]).bend == "40"
    assert build_steps([_step(10, 10), _step(20, 20)]).bend is None
    assert build_steps([_step(10, 10)]).bend is None


@pytest.mark.parametrize("retries", [0, 3])
def test_of_a_fixed_number_of_people_no_more_slots_are_needed_than_people(retries: int) -> None:
    """By Engset, and by replays where they come back; the load is theirs, however often they were refused."""
    profile = _profile(retries=retries, model="closed")
    population = replace(_population(500, 30.0, profile=profile), closed_people=(ClosedPerson(0, 0.0, _SECONDS),) * 12)
    kind = theory_of(population, is_poisson=None, is_steady=True).kind
    today = [each for each in _limits(Today(population, _SECONDS, kind, 0.0)) if each.arrivals == 1 and each.leaks]
    each_offers = offered_each(population)
    assert {limit.by for limit in today} == {"replay" if retries else "engset"}
    assert [limit.erlang for limit in today] == [pytest.approx(12 * each_offers / (1 + each_offers))] * 3
    assert all(8 < limit.slots <= 13 for limit in today)
