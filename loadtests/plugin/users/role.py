"""The role of a Locust process in a run: alone, the master, or a worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from loadtests.model.people.profile import Profile
from loadtests.run.process import RunProcess
from loadtests.run.run import Run


@dataclass(frozen=True)
class StartRequest:
    """The values of the start form. Options that it does not name keep their values."""

    values: Mapping[str, Any]
    """Values by the Python name of the option; times in seconds."""
    classes: tuple[str, ...] = ()
    """The selected User classes; empty: all."""
    host: str = ""


class Role(Protocol):
    """What a Locust process does in each run."""

    @property
    def run(self) -> Run | None:
        """The current run, if this process leads it."""

    def prepare(self, request: StartRequest) -> bool:
        """Applies the start form; returns whether a scenario's stages make the load. Raises InputError."""

    def begin(self) -> None:
        """Begins a run. Raises InputError if it must not begin."""

    def finish(self) -> int | None:
        """Ends the current run, if any, within a bound; returns its exit code, or None if another process decides it."""

    def process_for(self, profile: Profile) -> RunProcess | None:
        """Returns the process that takes a new user of `profile`; None: the run does not take users."""

    def close(self) -> None:
        """Releases what the role holds, when Locust ends."""
