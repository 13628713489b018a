"""What a behaviour may ask of its driver.

A behaviour is a generator of steps. It reads no clock: the driver tells it the time. Three drivers understand these steps:
the engine (live, on gevent), the simulator and the tests (both in virtual time).

| step | the driver does | and sends back |
|---|---|---|
| Sleep | nothing, until then | the time asked for, whatever the time is: schedules do not drift |
| Call | one request | its Answer |
| Note | writes a row | – |
| Fork | runs another behaviour of the same person beside this one | – |
| Arrive | runs a behaviour of a person of its own | – |
"""

from __future__ import annotations

from collections.abc import Generator
from enum import IntEnum, StrEnum
from typing import Any, final

import msgspec

from loadtests.model.api.surface import Operation
from loadtests.model.session.session import Session


class NoteKind(StrEnum):
    """Kinds of rows that are no operation (see `record` for what each holds)."""

    ARRIVE = "arrive"
    QUIET = "quiet"
    RESUME = "resume"
    LEAVE = "leave"
    GIVE_UP = "give-up"


class Closing(IntEnum):
    """On whose account `stop` is sent."""

    PERSON = 0
    """The person leaves."""
    RUN = 1
    """The run, or a stage, ended while the person was there: the session is censored."""
    SWEEP = 2
    """A leak is closed at the end."""


@final
class Sleep(msgspec.Struct, gc=False):
    """Nothing until `until`, in the run's seconds."""

    until: float


@final
class Call(msgspec.Struct):
    """One request for `session`, due at `intended`."""

    session: Session
    operation: Operation
    intended: float
    words: int = 0
    """`task`: how many words the person says."""
    cut: bool = False
    """The connection is cut in the middle of the request (the `crash` way of leaving)."""
    closing: Closing = Closing.PERSON


@final
class Note(msgspec.Struct):
    """Something about `session` that belongs into the event log, at `at`."""

    session: Session
    kind: NoteKind
    at: float
    value: float = 0.0
    detail: str = ""


@final
class Fork(msgspec.Struct):
    """Another behaviour of the same person, which ends with them when the run does."""

    behaviour: Behaviour


@final
class Arrive(msgspec.Struct):
    """A person of their own."""

    behaviour: Behaviour


Step = Sleep | Call | Note | Fork | Arrive
Behaviour = Generator[Step, Any, Any]
