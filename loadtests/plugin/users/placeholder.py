"""Takes the place of a user's greenlet in Locust's group of users.

Locust finds, counts and stops its users by their greenlets. A user that sends nothing itself has nothing to run, and a greenlet
that is never started takes 0.75 KB.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gevent
from gevent.hub import get_hub
from locust import User

Link = Callable[["Placeholder"], object]


class Placeholder:
    """What gevent's Group and Locust's runner ask of a user's greenlet."""

    __slots__ = ("_links", "_user", "dead")

    name = "streamsoak user"

    def __init__(self, user: User) -> None:
        self._user = user
        self._links: tuple[Link, ...] = ()
        self.dead = False

    @property
    def args(self) -> tuple[User, ...]:
        """The user, as in the greenlet that Locust would start; none after the end."""
        return () if self.dead else (self._user,)

    def rawlink(self, link: Link) -> None:
        """Calls `link` in the event loop's greenlet after the end."""
        self._links = (*self._links, link)
        if self.dead:
            self._schedule()

    def unlink(self, link: Link) -> None:
        """Undoes `rawlink`."""
        self._links = tuple(other for other in self._links if other != link)

    def kill(self, _exception: Any = None, block: bool = True, timeout: float | None = None) -> None:
        """Ends it."""
        if not self.dead:
            self.dead = True
            self._schedule()
        if block:
            self.join(timeout)

    def join(self, timeout: float | None = None) -> None:
        """Waits until the links have been called, after `kill`: at most `timeout` seconds, though it takes no time."""
        gevent.sleep(0)

    def _schedule(self) -> None:
        get_hub().loop.run_callback(self._call_links)

    def _call_links(self) -> None:
        links, self._links = self._links, ()
        for link in links:
            link(self)
