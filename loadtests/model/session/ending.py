"""The end of a run, as a behaviour: nothing is left behind. Live and simulated runs end alike.

No person is let in any more; who is still there is closed (*censored*); leaks are watched until they are reaped or
overdue, as long as `observe` allows; what is left is closed (*swept*). Every wait has a bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from loadtests.model.api.surface import Operation
from loadtests.model.session.session import Session, State
from loadtests.model.session.steps import Behaviour, Call, Closing, Fork, Sleep
from loadtests.model.text.wording import count

_TRIES = 4
_LOOK_SECONDS = 0.05
_LAG_SECONDS = 4.0


@dataclass(frozen=True)
class DrainResult:
    """What the end of the run found and did."""

    censored: int
    watched: int
    swept: int
    left: int
    """Sessions with a known id that could not be closed, or that the list still has."""

    def __str__(self) -> str:
        return (
            f"closed {self.censored} sessions of people still there, watched {self.watched} leaks,"
            f" swept {self.swept}, left open {self.left}"
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
    """How long the end may take, in seconds."""

    observe: float
    """For leaks to be reaped or to become overdue."""
    tolerance: float
    poll: float
    """Between two looks at the list; 0: nobody looks, so there is nothing to wait for."""
    timeout: float
    """Of one request."""


@dataclass(frozen=True)
class DrainView:
    """What the end can see."""

    sessions: Callable[[], Iterable[Session]]
    """Those that may hold a slot."""
    is_busy: Callable[[], bool]
    """Whether requests of the load are still under way."""
    looked: Callable[[], float]
    """When the last list was asked for that succeeded."""
    still_listed: Callable[[], Sequence[Session]] = tuple
    """Sessions that were said to be closed, and that the list still has."""
    enter: Callable[[DrainPhase], None] = lambda phase: None
    """Called when a phase begins."""


def ending(scene: DrainView, bounds: DrainBounds, now: float) -> Behaviour:
    """End the run, whose people have been stopped; returns (Drained, the time)."""
    scene.enter(DrainPhase(DrainStep.REQUESTS, 0, now + bounds.timeout + 1))
    now = yield from _until(lambda _: not scene.is_busy(), now, bounds.timeout + 1)
    present = [session for session in _open(scene) if not session.way]
    now = yield from _close(scene, DrainStep.PEOPLE, present, bounds, now)
    leaks = _open(scene)
    if leaks and bounds.poll:
        overdue = max(_overdue(bounds, leak) for leak in leaks)
        scene.enter(DrainPhase(DrainStep.LEAKS, len(leaks), min(now + bounds.observe, overdue)))
        now = yield from _until(lambda t: not any(_is_awaited(bounds, leak, t) for leak in leaks), now, bounds.observe)
    swept = _open(scene)
    now = yield from _close(scene, DrainStep.SWEEP, swept, bounds, now)
    still_listed, now = yield from _look(scene, bounds, now)
    if still_listed:
        # Said to be closed, and listed all the same: slots are reported to be free up to 3 s late. Then one more stop.
        now = yield from _until(lambda _: not scene.still_listed(), now, _LAG_SECONDS)
        now = yield from _close(scene, DrainStep.SWEEP, list(scene.still_listed()), bounds, now)
        still_listed, now = yield from _look(scene, bounds, now)
    unclosed = sum(session.state in (State.OPEN, State.CLOSING) for session in scene.sessions())
    left = unclosed + len(still_listed)
    return DrainResult(len(present), len(leaks), len(swept) - unclosed, left), now


def closing(session: Session, on_account_of: Closing, now: float) -> Behaviour:
    """Close `session`, with a few tries."""
    pause = 0.25
    for _ in range(_TRIES):
        answer = yield Call(session, Operation.STOP, now, closing=on_account_of)
        if session.state is State.CLOSED:
            return
        pause *= 2
        now = yield Sleep(answer.answered + max(pause, answer.retry_after))


def _open(scene: DrainView) -> list[Session]:
    return [session for session in scene.sessions() if session.state is State.OPEN]


def _close(scene: DrainView, step: DrainStep, sessions: list[Session], bounds: DrainBounds, now: float) -> Behaviour:
    on_account_of = Closing.RUN if step is DrainStep.PEOPLE else Closing.SWEEP
    for session in sessions:
        yield Fork(closing(session, on_account_of, now))
    # Each try may take the timeout; the bound is for an API that hangs on every one of them.
    bound = _TRIES * (bounds.timeout + 2) if sessions else 0.0
    if sessions:
        scene.enter(DrainPhase(step, len(sessions), now + bound))
    return (yield from _until(lambda _: all(session.state is State.CLOSED for session in sessions), now, bound))


def _look(scene: DrainView, bounds: DrainBounds, now: float) -> Behaviour:
    """Wait for a list that was asked for after now, so that the report sees the slots free; returns what it still has of
    the sessions that were closed, and the time. Without such a list nothing is known of them.
    """
    asked_after = now
    bound = 2 * bounds.poll + 1 if bounds.poll else 0.0
    if bound:
        scene.enter(DrainPhase(DrainStep.LIST, 0, now + bound))
    now = yield from _until(lambda _: scene.looked() > asked_after, now, bound)
    return (list(scene.still_listed()) if scene.looked() > asked_after else []), now


def _is_awaited(bounds: DrainBounds, leak: Session, now: float) -> bool:
    return leak.state is State.OPEN and now < _overdue(bounds, leak)


def _overdue(bounds: DrainBounds, leak: Session) -> float:
    """When the API is late to reap `leak`, in seconds of the run."""
    return leak.due[1] + bounds.tolerance + 2 * bounds.poll


def _until(condition: Callable[[float], bool], now: float, bound: float) -> Behaviour:
    end = now + bound
    while now < end and not condition(now):
        now = yield Sleep(min(now + _LOOK_SECONDS, end))
    return now
