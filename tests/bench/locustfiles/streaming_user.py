"""The same with streamsoak: event log, ledger and Locust's statistics on."""

from accounting import WAIT, count

from loadtests.users import StreamingUser


class Person(StreamingUser):
    """One person with one session."""

    profile = {"idle_timeout": 3599, "arrivals": {"model": "closed"}}

    def visit(self, visitor):
        """Open the session, keep it alive."""
        if (yield from visitor.open()):
            while visitor.session.usable:
                yield from visitor.keep_alive()
                count()
                if WAIT:
                    yield from visitor.wait(WAIT)
