"""For locustfiles of your own: `from loadtests.users import StreamingUser`.

Importing this is enough: options, event log and report come along.
"""

from loadtests.plugin.install import register
from loadtests.plugin.user import StreamingUser
from loadtests.plugin.visitor import Visitor

register()

__all__ = ["StreamingUser", "Visitor"]
