"""What all connections of one proxy share."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from loadtests.http.origin import Origin
from loadtests.model.api.routing import Routes
from loadtests.reverse_proxy.bounds import Bounds
from loadtests.reverse_proxy.exchange import Exchange


class Expiring(Protocol):
    """A connection that is looked at from time to time."""

    deadline: float
    """On the monotonic clock."""

    @property
    def is_busy(self) -> bool:
        """Whether a request is under way."""

    def expire(self) -> None:
        """Called after its deadline."""

    def cut(self) -> None:
        """Called when the proxy ends."""


@dataclass
class Context:
    """The proxy's settings, its open connections, and who is told of an exchange that has ended."""

    origin: Origin
    tls: ssl.SSLContext | None
    bounds: Bounds
    routes: Routes
    observe: Callable[[Exchange], None]
    """Must return at once and never raise."""
    loop: asyncio.AbstractEventLoop
    connections: set[Expiring] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.authority = self.origin.authority.encode()
        self.prefix = self.origin.prefix.encode()

    def expire(self, now: float) -> None:
        """Ends what is past its deadline."""
        for connection in [one for one in self.connections if one.deadline < now]:
            connection.expire()
