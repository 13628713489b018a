"""Which hosts an audited program may reach. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from loadtests.http.origin import Origin
from loadtests.interception.target import Target
from loadtests.model.api.description.description import ApiDescription
from loadtests.model.text.input_error import InputError

_PATTERN = re.compile(r"\*|(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*|[0-9a-f:]*:[0-9a-f:.]*")


class Passage(Enum):
    """What becomes of a request."""

    SANDBOX = "the sandbox answers it"
    ALLOWED = "it is passed on"
    REFUSED = "it is refused"


@dataclass(frozen=True)
class Policy:
    """The API's address, and the hosts that are allowed besides."""

    api: Origin
    allowed: tuple[str, ...] = ()
    """Names, `*.NAME` for all names below NAME, or `*` for all."""

    @property
    def tls_ports(self) -> frozenset[int]:
        """The ports of the API on which TLS is spoken."""
        return frozenset({443, self.api.port} if self.api.scheme == "https" else {443} - {self.api.port})

    @property
    def plain_ports(self) -> frozenset[int]:
        """The ports of the API on which it is not."""
        return frozenset({80, self.api.port} if self.api.scheme == "http" else {80} - {self.api.port})

    def passage(self, target: Target) -> Passage:
        """Returns what becomes of a request for `target`. Another port of the API's host is never passed on."""
        if target.host == self.api.host:
            return Passage.SANDBOX if target.port in self.tls_ports | self.plain_ports else Passage.REFUSED
        if any(_fits(target.host, pattern) for pattern in self.allowed):
            return Passage.ALLOWED
        return Passage.REFUSED

    def at_sandbox(self, target: Target) -> Target:
        """Returns what the sandbox is asked for: its paths do not have the prefix of the API's address."""
        rest = target.path.removeprefix(self.api.prefix)
        return replace(target, path=rest) if rest.startswith("/") else target


def api_policy(api: ApiDescription, allowed: Sequence[str]) -> Policy:
    """Returns the policy for an API and the patterns of --allow-host. Raises InputError."""
    try:
        origin = Origin.parse(api.base)
    except InputError:
        raise InputError.of(
            "--intercept",
            f'needs the API\'s address: base = "https://HOST" in the description of {api.name} (is {api.base!r})',
        ) from None
    patterns = tuple(text.lower().strip("[]") for text in allowed)
    for text, pattern in zip(allowed, patterns, strict=True):
        if not _PATTERN.fullmatch(pattern):
            raise InputError.of(
                "--allow-host", f"must be a host such as cdn.example.com, *.example.com or * (is {text!r})"
            )
        if pattern == origin.host:
            raise InputError.of("--allow-host", f"{origin.host} is the API's host, which the sandbox answers for")
    return Policy(origin, patterns)


def _fits(host: str, pattern: str) -> bool:
    return pattern in ("*", host) or (pattern.startswith("*.") and host.endswith(pattern[1:]))
