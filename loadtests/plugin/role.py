"""What a Locust process is to a run: alone, the master, or a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from loadtests.model.profile import Profile
from loadtests.run import Run
from loadtests.share import Share

if TYPE_CHECKING:
    from loadtests.plugin.form import Asked


class Role(Protocol):
    """One Locust process's part in runs, one after the other."""

    @property
    def run(self) -> Run | None:
        """The run that goes on, where this process leads it."""

    def prepare(self, asked: Asked) -> bool:
        """A form asks for a run; whether its stages make the load (else Locust's users do). Raises InputError."""

    def begin(self) -> None:
        """A run begins. Raises InputError where it must not."""

    def finish(self) -> int | None:
        """The run, if one goes on, ends, bounded in time; the exit code that says how it went, None: that is not told here."""

    def share(self, profile: Profile) -> Share | None:
        """Where a user of `profile` that comes now has its place; None: nobody is let in."""

    def close(self) -> None:
        """Locust ends."""
