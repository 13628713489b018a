"""The public API for locustfiles: `from streamsoak.users import StreamingUser`.

Importing this module also registers the options, the event log and the report with Locust. `install()` returns a User class for
each profile.
"""

from loadtests.users import Behaviour, Operation, StreamingUser, Visitor, install

__all__ = ["Behaviour", "Operation", "StreamingUser", "Visitor", "install"]
