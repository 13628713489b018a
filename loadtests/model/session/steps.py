"""The steps of a behaviour.

A behaviour is a generator of steps. It reads no clock: the driver passes the time. Three drivers carry out these steps: the
engine (live, on gevent), the simulator and the tests (both in virtual time).

| step | what the driver does | what it sends back |
|---|---|---|
| Sleep | waits | the time requested, even if it resumes later: schedules do not drift |
| Call | sends one request | its Answer |
| Note | writes a row | – |
| Fork | runs another behaviour of the same person concurrently | – |
| Arrive | runs the behaviour of another person | – |

A behaviour that returns another one is replaced by it, as by a tail call: a million may be active, and each generator takes
0.3 KB. Any other value that it returns is for the behaviour that called it with `yield from`.
"""

from __future__ import annotations

from collections.abc import Generator
from enum import IntEnum, StrEnum
from typing import Any, Protocol, final

import msgspec

from loadtests.model.api.operation import Operation
from loadtests.model.session.session import Session


class NoteKind(StrEnum):
    """Kinds of rows that are not operations (`record` documents each)."""

    ARRIVE = "arrive"
    QUIET = "quiet"
    RESUME = "resume"
    LEAVE = "leave"
    GIVE_UP = "give-up"


class Closing(IntEnum):
    """Why `stop` is sent."""

    PERSON = 0
    """The person leaves."""
    RUN = 1
    """The run, or a stage, ended while the person was there: the session is censored."""
    SWEEP = 2
    """A leak is closed at the end."""


@final
class Sleep(msgspec.Struct, gc=False):
    """Waits until `until`, in seconds of the run."""

    until: float


@final
class Call(msgspec.Struct):
    """One request for `session`, due at `intended`."""

    session: Session
    operation: Operation
    intended: float
    words: int = 0
    """`task`: how many words the text has."""
    cut: bool = False
    """Whether the connection is cut in the middle of the request (the `crash` way of leaving)."""
    closing: Closing = Closing.PERSON


@final
class Note(msgspec.Struct):
    """A row about `session` for the event log, at the time `at`."""

    session: Session
    kind: NoteKind
    at: float
    value: float = 0.0
    detail: str = ""


@final
class Fork(msgspec.Struct):
    """Another behaviour of the same person. Both end together when the run ends."""

    behaviour: Resumable


@final
class Arrive(msgspec.Struct):
    """Another person."""

    behaviour: Resumable


Step = Sleep | Call | Note | Fork | Arrive
Behaviour = Generator[Step, Any, Any]


class Resumable(Protocol):
    """What a driver carries out: a Behaviour, or an object that is used like one."""

    def send(self, value: Any, /) -> Step:
        """Takes the result of the last step, None at first, and returns the next one. Raises StopIteration at the end."""

    def close(self) -> object:
        """Ends it before its time."""
