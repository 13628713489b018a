"""The public API for locustfiles: `from loadtests.users import StreamingUser`.

Importing this module also registers the options, the event log and the report with Locust.
"""

from loadtests.plugin.install import register
from loadtests.plugin.users.user import StreamingUser
from loadtests.plugin.users.visitor import Visitor

register()

__all__ = ["StreamingUser", "Visitor"]
