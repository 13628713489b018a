"""The public API for locustfiles: `from streamsoak.users import StreamingUser`; within the repository also `loadtests.users`.

Importing this module also registers the options, the event log and the report with Locust.
"""

from loadtests.model.api.operation import Operation
from loadtests.model.session.steps import Behaviour
from loadtests.plugin.install import install, register
from loadtests.plugin.users.user import StreamingUser
from loadtests.plugin.users.visitor import Visitor

register()

__all__ = ["Behaviour", "Operation", "StreamingUser", "Visitor", "install"]
