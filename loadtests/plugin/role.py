"""What a Locust process is to a run: alone, the master, or a worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from loadtests.model.people.profile import Profile
from loadtests.run.process import RunProcess
from loadtests.run.run import Run


@dataclass(frozen=True)
class StartRequest:
    """What the form says. What it does not name stays as it was."""

    values: Mapping[str, Any]
    """Of options, by their names in Python; times in seconds."""
    classes: tuple[str, ...] = ()
    """User classes that were picked; none: all."""
    host: str = ""


class Role(Protocol):
    """One Locust process's part in runs, one after the other."""

    @property
    def run(self) -> Run | None:
        """The run that goes on, where this process leads it."""

    def prepare(self, asked: StartRequest) -> bool:
        """A form asks for a run; whether its stages make the load (else Locust's users do). Raises InputError."""

    def begin(self) -> None:
        """A run begins. Raises InputError where it must not."""

    def finish(self) -> int | None:
        """The run, if one goes on, ends, bounded in time; the exit code that says how it went, None: that is not told here."""

    def process_for(self, profile: Profile) -> RunProcess | None:
        """Where a user of `profile` that comes now has its place; None: nobody is let in."""

    def close(self) -> None:
        """Locust ends."""
