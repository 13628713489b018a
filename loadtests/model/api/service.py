"""The seam in front of the rules: one value for a call, one for its answer, and a function between the two.

Who serves the API (over HTTP, or in virtual time) asks a Service. The plain one is the rules; a defect is another around it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from loadtests.model.api.rules import Reply, Rules
from loadtests.model.api.surface import ACTIVITY, Operation


class ApiRequest(msgspec.Struct, frozen=True, gc=False):
    """One call as the API takes it."""

    operation: Operation
    session_id: str = ""
    idle_timeout: Any = None
    """`new`: what was asked for, of whatever type; None: nothing."""
    disable_idle_timeout: Any = False
    words: int = 0
    """`task`: how many were said."""


Service = Callable[[float, ApiRequest], Reply]
"""What answers a call that comes at a time, in seconds. `list` is answered with the Hosted sessions as `data`."""

_NO_LIST = Reply(404, 404, "no such endpoint: streaming.list")


def service_of(rules: Rules) -> Service:
    """The API as `rules` have it."""
    answers: dict[Operation, Service] = {
        **dict.fromkeys(ACTIVITY, lambda now, ask: rules.touch(now, ask.session_id)),
        Operation.CREATE_TOKEN: lambda now, ask: Reply(data={}),
        Operation.NEW: lambda now, ask: rules.new(now, ask.idle_timeout, ask.disable_idle_timeout),
        Operation.START: lambda now, ask: rules.start(now, ask.session_id),
        Operation.TASK: lambda now, ask: rules.task(now, ask.session_id, ask.words),
        Operation.KEEP_ALIVE: lambda now, ask: rules.keep_alive(now, ask.session_id),
        Operation.STOP: lambda now, ask: rules.stop(now, ask.session_id),
        Operation.LIST: lambda now, ask: _listed(rules, now),
    }
    return lambda now, ask: answers[ask.operation](now, ask)


def _listed(rules: Rules, now: float) -> Reply:
    return Reply(data=tuple(rules.listed(now))) if rules.terms.choices.lists else _NO_LIST
