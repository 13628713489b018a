"""The rules against a naive model that looks at every session each time."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from loadtests.model.api.reply import Reply
from loadtests.model.api.rules import CloseCause, Rules, Terms

# A failing sequence is shrunk, but not explained: that takes half a minute and tells nothing more.
UNEXPLAINED = settings(phases=set(Phase) - {Phase.explain})

REFUSED, CLOSED, MISSING, INVALID, DONE = 10007, 10005, 10006, 40012, 100


@dataclass
class Known:
    """A session as the naive model knows it."""

    created: float
    idle_timeout: float
    last: float
    end: tuple[float, CloseCause] | None = None


@dataclass
class Naive:
    """The rules in their plainest form: each time, each session is looked at."""

    limit: int | None
    cap: float
    sessions: dict[str, Known] = field(default_factory=dict)

    def open(self, now: float) -> list[str]:
        """What is open at `now`, after ending what is due."""
        for session in self.sessions.values():
            idle, capped = session.last + session.idle_timeout, session.created + self.cap
            if session.end is None and min(idle, capped) <= now:
                session.end = (min(idle, capped), CloseCause.CAP if capped <= idle else CloseCause.IDLE)
        return [name for name, session in self.sessions.items() if session.end is None]

    def new(self, now: float, idle_timeout: float) -> int:
        """Open a session; returns the code."""
        if not 30 <= idle_timeout <= 3599:
            return INVALID
        if self.limit is not None and len(self.open(now)) >= self.limit:
            return REFUSED
        self.sessions[f"s{len(self.sessions)}"] = Known(now, idle_timeout, now)
        return DONE

    def call(self, now: float, name: str, is_stop: bool) -> int:
        """A call for one session; returns the code."""
        if name not in self.open(now):
            return CLOSED if name in self.sessions else MISSING
        if is_stop:
            self.sessions[name].end = (now, CloseCause.STOP)
        else:
            self.sessions[name].last = now
        return DONE


@dataclass(frozen=True)
class Action:
    """One thing that is done, `after` seconds after the one before."""

    after: float
    what: str
    which: int
    idle_timeout: float


# Few and round times, so that ends, calls and caps fall together often.
ACTIONS = st.lists(
    st.builds(
        Action,
        after=st.sampled_from([0.0, 0.0, 0.5, 10.0, 29.75, 30.0, 45.0]) | st.floats(0, 200),
        what=st.sampled_from(["new", "new", "keep_alive", "keep_alive", "start", "task", "stop"]),
        which=st.integers(0, 12),
        idle_timeout=st.sampled_from([29.0, 30.0, 30.0, 60.0, 75.0, 3599.0, 3600.0]) | st.floats(30, 120),
    ),
    max_size=60,
)
LIMITS = st.none() | st.integers(1, 6)
CAPS = st.none() | st.sampled_from([30.0, 60.0, 90.0, 100.25])


def account(limit: int | None, cap: float | None) -> Rules:
    """An account with sessions called s0, s1, s2 and so on."""
    numbers = itertools.count()
    return Rules(Terms(limit=limit, cap=cap), lambda: f"s{next(numbers)}")


def carry_out(rules: Rules, action: Action, now: float) -> Reply:
    """The rules' reply to `action`."""
    name = f"s{action.which}"
    if action.what == "new":
        return rules.new(now, action.idle_timeout)
    if action.what == "task":
        return rules.task(now, name, 1)
    return {"keep_alive": rules.touch, "start": rules.start, "stop": rules.stop}[action.what](now, name)


def expected(naive: Naive, action: Action, now: float) -> int:
    """The naive model's code for `action`."""
    if action.what == "new":
        return naive.new(now, action.idle_timeout)
    return naive.call(now, f"s{action.which}", action.what == "stop")


def ends(rules: Rules) -> dict[str, tuple[float, CloseCause | None]]:
    """When and why each closed session ended."""
    return {name: (session.ended, session.cause) for name, session in rules.closed.items()}


@UNEXPLAINED
@given(ACTIONS, LIMITS, CAPS)
def test_rules_agree_with_the_naive_model(actions: list[Action], limit: int | None, cap: float | None) -> None:
    """After each action: the same answer, the same open sessions, the same ends and causes."""
    rules, naive = account(limit, cap), Naive(limit, cap or float("inf"))
    now = 0.0
    for action in actions:
        now += action.after
        assert carry_out(rules, action, now).code == expected(naive, action, now)
        assert [session.id for session in rules.listed(now)] == naive.open(now)
        assert ends(rules) == {name: session.end for name, session in naive.sessions.items() if session.end}


@UNEXPLAINED
@given(ACTIONS, LIMITS, CAPS)
def test_limit_is_never_exceeded(actions: list[Action], limit: int | None, cap: float | None) -> None:
    """At no instant, by the exact times of opening and end, are more sessions open than the limit allows."""
    rules, changes = account(limit, cap), list[tuple[float, int]]()
    rules.on_event = lambda at, event, session: changes.append((at, {"opened": 1, "closed": -1}[event]))
    now = 0.0
    for action in actions:
        now += action.after
        carry_out(rules, action, now)
    times = [at for at, _ in changes]
    held = list(itertools.accumulate(change for _, change in changes))
    assert times == sorted(times)
    assert max(held, default=0) <= (limit or len(actions))
    assert min(held, default=0) >= 0


@UNEXPLAINED
@given(ACTIONS, LIMITS, CAPS, st.lists(st.floats(0, 1), max_size=30))
def test_history_does_not_depend_on_when_it_is_noticed(
    actions: list[Action], limit: int | None, cap: float | None, looks: list[float]
) -> None:
    """Calling `advance` in between changes neither the answers nor the ends."""
    watched, left_alone = account(limit, cap), account(limit, cap)
    now = 0.0
    for action, look in itertools.zip_longest(actions, looks[: len(actions)], fillvalue=0.0):
        assert isinstance(action, Action)
        watched.advance(now + action.after * look)
        now += action.after
        assert carry_out(watched, action, now) == carry_out(left_alone, action, now)
    watched.advance(now + 1e6)
    left_alone.advance(now + 1e6)
    assert ends(watched) == ends(left_alone)
    assert not watched.open
