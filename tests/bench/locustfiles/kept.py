"""One person who opens BENCH_SESSIONS sessions in BENCH_OPENING seconds and never leaves: their timers keep them alive.

By one person and not by arrivals, so that the number of sessions is the same whenever a worker begins.
"""

import os
import random

from loadtests.model.session.steps import Fork
from loadtests.users import StreamingUser, Visitor

SESSIONS, OPENING = int(os.environ["BENCH_SESSIONS"]), float(os.environ["BENCH_OPENING"])
NEVER_SECONDS = 7200.0


class Kept(StreamingUser):
    """The profile is the scenario's."""

    profile = {"arrivals": {"model": "closed"}}

    def visit(self, visitor):
        """Opens the sessions at irregular times, so that their keep-alives are due at irregular times."""
        for _ in range(SESSIONS):
            yield Fork(iter(Visitor(visitor.person, visitor.now).open()))
            yield from visitor.wait(random.expovariate(SESSIONS / OPENING))
        yield from visitor.wait(NEVER_SECONDS)
