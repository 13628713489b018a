"""The end of a run, as a behaviour, for live and simulated runs: closes every session that the run opened.

Sessions of persons who are still there are closed (*censored*). Leaks are observed until they are reaped or overdue, at most
`observe` seconds. The rest is closed (*swept*). Every wait is bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from loadtests.model.api.operation import Operation
from loadtests.model.session.session import Session, State
from loadtests.model.session.steps import Behaviour, Call, Closing, Fork, Sleep
from loadtests.model.text.wording import count

_TRIES = 4
_AWAITED = (State.OPEN, State.LOST)
_CHECK_SECONDS = 0.05
_LAG_SECONDS = 4.0


@dataclass(frozen=True)
class DrainResult:
    """What the end of the run found and closed."""

    censored: int
    watched: int
    swept: int
    left: int
    """Sessions with a known id that could not be closed, or that are still listed."""

    def __str__(self) -> str:
        return (
            f"closed {count(self.censored, 'session')} of users still there, observed {count(self.watched, 'leak')},"
            f" swept {self.swept:,}, left open {self.left:,}"
        )


class DrainStep(StrEnum):
    """The steps of the end of a run, in order."""

    REQUESTS = "requests"
    """Waits for the load's requests in flight."""
    PEOPLE = "people"
    """Closes the sessions of people who are still there."""
    LEAKS = "leaks"
    """Waits for leaks to be reaped."""
    SWEEP = "sweep"
    """Closes the leaks that are left."""
    LIST = "list"
    """Waits for the API's list to show that all slots are free."""


@dataclass(frozen=True)
class DrainPhase:
    """What the end of a run is doing, and until when at most."""

    step: DrainStep
    sessions: int
    """Sessions that it closes or waits for."""
    until: float
    """When this step ends at the latest, in seconds of the run."""

    def __str__(self) -> str:
        texts = {
            DrainStep.REQUESTS: "waiting for requests in flight",
            DrainStep.PEOPLE: f"closing {count(self.sessions, 'session')}",
            DrainStep.LEAKS: f"waiting for {count(self.sessions, 'leak')} to be reaped",
            DrainStep.SWEEP: f"closing {count(self.sessions, 'leak')}",
            DrainStep.LIST: "waiting for the API's list",
        }
        return texts[self.step]


@dataclass(frozen=True)
class DrainBounds:
    """Bounds on the duration of the end, in seconds."""

    observe: float
    """To wait for leaks to be reaped or to become overdue."""
    tolerance: float
    poll: float
    """Between two polls of the list; 0: the list is not polled, so there is no waiting."""
    timeout: float
    """Of one request."""


@dataclass(frozen=True)
class DrainView:
    """What the end of the run can read."""

    sessions: Callable[[], Iterable[Session]]
    """Sessions that may hold a slot."""
    is_busy: Callable[[], bool]
    """Whether requests of the load are in flight."""
    last_polled: Callable[[], float]
    """When the last successful poll of the list was sent."""
    still_listed: Callable[[], Sequence[Session]] = tuple
    """Sessions reported closed that are still listed."""
    enter: Callable[[DrainPhase], None] = lambda phase: None
    """Called when a phase begins."""


def ending(view: DrainView, bounds: DrainBounds, now: float) -> Behaviour:
    """Ends the run, whose persons have been stopped; returns (DrainResult, the time)."""
    view.enter(DrainPhase(DrainStep.REQUESTS, 0, now + bounds.timeout + 1))
    now = yield from _until(lambda _: not view.is_busy(), now, bounds.timeout + 1)
    present = [session for session in _open(view) if not session.way]
    now = yield from _close(view, DrainStep.PEOPLE, present, bounds, now)
    # A `new` without an answer may have opened a session: it can only be reaped, and the list shows when.
    leaks = [session for session in view.sessions() if session.state in _AWAITED]
    if leaks and bounds.poll:
        overdue = max(_overdue(bounds, leak) for leak in leaks)
        view.enter(DrainPhase(DrainStep.LEAKS, len(leaks), min(now + bounds.observe, overdue)))
        now = yield from _until(lambda t: not any(_is_awaited(bounds, leak, t) for leak in leaks), now, bounds.observe)
    swept = _open(view)
    now = yield from _close(view, DrainStep.SWEEP, swept, bounds, now)
    still_listed, now = yield from _await_poll(view, bounds, now)
    if still_listed:
        # Reported closed, and still listed: slots are reported free up to 3 s late. After that, one more stop.
        now = yield from _until(lambda _: not view.still_listed(), now, _LAG_SECONDS)
        now = yield from _close(view, DrainStep.SWEEP, list(view.still_listed()), bounds, now)
        still_listed, now = yield from _await_poll(view, bounds, now)
    unclosed = sum(session.state in (State.OPEN, State.CLOSING) for session in view.sessions())
    left = unclosed + len(still_listed)
    return DrainResult(len(present), len(leaks), len(swept) - unclosed, left), now


def closing(session: Session, reason: Closing, now: float) -> Behaviour:
    """Closes `session`, with retries."""
    pause = 0.25
    for _ in range(_TRIES):
        answer = yield Call(session, Operation.STOP, now, closing=reason)
        if session.state is State.CLOSED:
            return
        pause *= 2
        now = yield Sleep(answer.answered + max(pause, answer.retry_after))


def _open(view: DrainView) -> list[Session]:
    return [session for session in view.sessions() if session.state is State.OPEN]


def _close(view: DrainView, step: DrainStep, sessions: list[Session], bounds: DrainBounds, now: float) -> Behaviour:
    reason = Closing.RUN if step is DrainStep.PEOPLE else Closing.SWEEP
    for session in sessions:
        yield Fork(closing(session, reason, now))
    # Each try may take the whole timeout.
    bound = _TRIES * (bounds.timeout + 2) if sessions else 0.0
    if sessions:
        view.enter(DrainPhase(step, len(sessions), now + bound))
    return (yield from _until(lambda _: all(session.state is State.CLOSED for session in sessions), now, bound))


def _await_poll(view: DrainView, bounds: DrainBounds, now: float) -> Behaviour:
    """Waits for a poll sent after `now`, so that the report sees the slots free; returns the closed sessions that are still
    listed, and the time. Without such a poll it returns no sessions.
    """
    polled_after = now
    bound = 2 * bounds.poll + 1 if bounds.poll else 0.0
    if bound:
        view.enter(DrainPhase(DrainStep.LIST, 0, now + bound))
    now = yield from _until(lambda _: view.last_polled() > polled_after, now, bound)
    return (list(view.still_listed()) if view.last_polled() > polled_after else []), now


def _is_awaited(bounds: DrainBounds, leak: Session, now: float) -> bool:
    return leak.state in _AWAITED and now < _overdue(bounds, leak)


def _overdue(bounds: DrainBounds, leak: Session) -> float:
    """When the API is late to reap `leak`, in seconds of the run."""
    # One poll may just miss the end, the next one shows it, and a third one confirms it.
    return leak.due[1] + bounds.tolerance + 3 * bounds.poll


def _until(condition: Callable[[float], bool], now: float, bound: float) -> Behaviour:
    end = now + bound
    while now < end and not condition(now):
        now = yield Sleep(min(now + _CHECK_SECONDS, end))
    return now
