"""The proxy as a process of its own, for an audit or a test."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from loadtests.http.key import without_key
from loadtests.interception.access import Access, Seen, Settings
from loadtests.interception.environment import browser_args, intercepting
from loadtests.interception.policy import Policy
from loadtests.processes.server import ServerProcess

_PRELOAD = Path(__file__).with_name("preload")


class InterceptionProcess:
    """A running proxy before `sandbox`, a URL; ends with `close`, and by itself when this process dies."""

    def __init__(self, policy: Policy, sandbox: str) -> None:
        """Starts it. Raises InputError if it does not start."""
        self._policy = policy
        settings = msgspec.json.encode(Settings(policy.api.url, sandbox, policy.allowed)).decode()
        self._server = ServerProcess("--intercept", f"{__package__}.serve", [settings], without_key())
        self.access = msgspec.json.decode(self._server.ask("access"), type=Access)

    def variables(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Returns the variables for a program that has `environment` so far."""
        return intercepting(self.access, self._policy, _PRELOAD, environment)

    @property
    def browser_args(self) -> tuple[str, str]:
        """Chromium's flags."""
        return browser_args(self.access)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._server.pid

    def seen(self) -> Seen:
        """Returns what it has seen so far. Raises InputError if it has died."""
        return msgspec.json.decode(self._server.ask("seen"), type=Seen)

    def close(self) -> None:
        """Ends it, and waits until it has ended."""
        self._server.close()
