"""The sandbox as a process of its own, for whoever needs one: Locust's plugin, the audit, tests."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec

from loadtests.processes.child import CLI, with_key
from loadtests.processes.server import ServerProcess


class SandboxProcess:
    """A running sandbox; ends with `close`, and by itself when this process dies."""

    def __init__(self, options: Sequence[str] = (), environment: Mapping[str, str] | None = None) -> None:
        """`environment`: variables that it has beside ours. Raises InputError if it does not start."""
        arguments = ["sandbox", "--parent-pipe", *options]
        self._server = ServerProcess("sandbox", CLI, arguments, with_key(**(environment or {})))
        self.url = self._server.address

    def close(self) -> None:
        """End it, and wait until it has ended."""
        self._server.close()

    def open_sessions(self) -> dict[str, float | None]:
        """The ids of the sessions that are open now, and how many seconds each has until it is due; None: for ever.

        Raises InputError if the sandbox has died.
        """
        return msgspec.json.decode(self._server.ask("open?"), type=dict[str, float | None])

    def quiet_seconds(self) -> float:
        """Seconds since the last request; infinite if none came yet. Raises InputError if the sandbox has died."""
        seconds = msgspec.json.decode(self._server.ask("quiet?"), type=float | None)
        return math.inf if seconds is None else seconds

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._server.pid
