"""The API's operations, paths and body fields.

A scenario's `[api]` section overrides them, for an API whose calls have other names or are missing (an empty path). A figure
that needs a missing call is reported as *unobserved*.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator


class Operation(StrEnum):
    """The calls of the API, by the last part of their default path."""

    CREATE_TOKEN = "create_token"
    NEW = "new"
    START = "start"
    TASK = "task"
    INTERRUPT = "interrupt"
    START_LISTENING = "start_listening"
    STOP_LISTENING = "stop_listening"
    KEEP_ALIVE = "keep_alive"
    STOP = "stop"
    LIST = "list"


ACTIVITY = frozenset(
    {
        Operation.START,
        Operation.TASK,
        Operation.INTERRUPT,
        Operation.START_LISTENING,
        Operation.STOP_LISTENING,
        Operation.KEEP_ALIVE,
    }
)
"""Calls that reset the idle timer (the seed: "user tasks, voice input, and other detectable interaction events", and
keep-alives)."""


class Surface(BaseModel):
    """Paths and names on the wire. The defaults are KonPro's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    create_token: str = "/v1/streaming.create_token"
    new: str = "/v1/streaming.new"
    start: str = "/v1/streaming.start"
    task: str = "/v1/streaming.task"
    interrupt: str = "/v1/streaming.interrupt"
    start_listening: str = "/v1/streaming.start_listening"
    stop_listening: str = "/v1/streaming.stop_listening"
    keep_alive: str = "/v1/streaming.keep_alive"
    stop: str = "/v1/streaming.stop"
    list: str = "/v1/streaming.list"
    session_id: str = "session_id"
    idle_timeout: str = "activity_idle_timeout"
    disable_idle_timeout: str = "disable_idle_timeout"

    @field_validator("*")
    @classmethod
    def _plain(cls, text: str, info: ValidationInfo) -> str:
        if not text.isascii() or not text.isprintable() or " " in text:
            raise ValueError("must be printable ASCII without spaces")
        is_name = info.field_name in ("session_id", "idle_timeout", "disable_idle_timeout")
        if is_name and not text:
            raise ValueError("must be a name")
        if not is_name and text and not text.startswith("/"):
            raise ValueError('must start with "/", or be "" if the API has no such call')
        return text

    def path(self, operation: Operation) -> str:
        """The path of `operation`; "" if the API has no such call."""
        return str(getattr(self, operation.value))
