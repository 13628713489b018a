"""A Service maps a request to a reply. `service_of` makes one from the rules; a defect wraps another around it.

The sandbox calls it for HTTP requests, the simulator in virtual time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from loadtests.model.api.operation import Operation
from loadtests.model.api.reply import NO_CODE, Reply
from loadtests.model.api.rules import Rules


class ApiRequest(msgspec.Struct, frozen=True, gc=False):
    """One request to the API."""

    operation: Operation
    session_id: str = ""
    idle_timeout: Any = None
    """`new`: the idle timeout requested, of any JSON type; None: not given."""
    disable_idle_timeout: Any = False
    words: int = 0
    """`task`: how many words the text has."""


Service = Callable[[float, ApiRequest], Reply]
"""Returns the reply to a request received at a time in seconds. The reply to `list` has HostedSessions as `data`."""

_NO_LIST = Reply(404, 404, "no such endpoint: the list")


def service_of(rules: Rules) -> Service:
    """Returns the service that follows `rules`."""
    # Nearly all calls are activities without another effect: they get there with as few calls of functions as can be.
    touched, called = (
        (lambda now, request: rules.touch(now, request.session_id)),
        (lambda now, request: rules.call(now, request.session_id, request.operation)),
    )
    handlers: dict[Operation, Service] = {
        **{operation: touched if operation in rules.terms.activity else called for operation in Operation},
        Operation.CREATE_TOKEN: lambda now, request: Reply(code=NO_CODE, data={}),
        Operation.NEW: lambda now, request: rules.new(now, request.idle_timeout, request.disable_idle_timeout),
        Operation.START: lambda now, request: rules.start(now, request.session_id),
        Operation.TASK: lambda now, request: rules.task(now, request.session_id, request.words),
        **({} if rules.terms.choices.new_counts else {Operation.KEEP_ALIVE: _kept_alive(rules)}),
        Operation.STOP: lambda now, request: rules.stop(now, request.session_id),
        Operation.LIST: lambda now, request: _listed(rules, now),
    }
    return lambda now, request: handlers[request.operation](now, request)


def _kept_alive(rules: Rules) -> Service:
    return lambda now, request: rules.keep_alive(now, request.session_id)


def _listed(rules: Rules, now: float) -> Reply:
    return Reply(data=tuple(rules.listed(now))) if rules.terms.choices.lists else _NO_LIST
