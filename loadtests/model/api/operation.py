"""The calls of a session API, whatever their names on the wire are (`description`)."""

from __future__ import annotations

from enum import StrEnum


class Operation(StrEnum):
    """A call, by the last part of its path at KonPro."""

    CREATE_TOKEN = "create_token"
    NEW = "new"
    """Takes the slot."""
    START = "start"
    TASK = "task"
    INTERRUPT = "interrupt"
    START_LISTENING = "start_listening"
    STOP_LISTENING = "stop_listening"
    KEEP_ALIVE = "keep_alive"
    STOP = "stop"
    LIST = "list"


USUAL_ACTIVITY = frozenset(
    {
        Operation.START,
        Operation.TASK,
        Operation.INTERRUPT,
        Operation.START_LISTENING,
        Operation.STOP_LISTENING,
        Operation.KEEP_ALIVE,
    }
)
"""Calls that reset the idle timer where a description says nothing, as at the default API (the seed: "user tasks, voice input,
and other detectable interaction events", and keep-alives). An API's own are in `ApiDescription.activity`."""


USUAL_REPEATABLE = frozenset(
    {
        Operation.KEEP_ALIVE,
        Operation.STOP,
        Operation.LIST,
        Operation.START_LISTENING,
        Operation.STOP_LISTENING,
        Operation.INTERRUPT,
    }
)
"""Calls that have the same effect once or twice where a description says nothing, so that HTTP allows to send them again on a
new connection. An API's own are in `ApiDescription.repeatable`."""
