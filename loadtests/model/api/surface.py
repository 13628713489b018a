"""The API's operations, paths and body fields.

A scenario's `[api]` section overrides them, for an API whose calls have other names or are missing (an empty path). A figure
that needs a missing call is reported as *unobserved*.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from loadtests.model.api.answer import Reason
from loadtests.model.api.refusals import RefusalPattern


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


REPEATABLE = frozenset(
    {
        Operation.KEEP_ALIVE,
        Operation.STOP,
        Operation.LIST,
        Operation.START_LISTENING,
        Operation.STOP_LISTENING,
        Operation.INTERRUPT,
    }
)
"""Calls that have the same effect once or twice, so that HTTP allows to send them again on a new connection."""


class RefusalRule(BaseModel):
    """A refusal in the words of the API under test. It comes before the built-in table; what is not given matches anything."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: int | None = Field(default=None, ge=100, le=599)
    """The HTTP status."""
    code: int | None = None
    """The API's own code."""
    text: str = Field(default="", max_length=200)
    """A part of the message; upper and lower case are the same."""
    reason: Literal[
        Reason.CONCURRENCY, Reason.SESSION_FULL, Reason.RATE, Reason.QUOTA, Reason.CLOSED, Reason.MISSING
    ] = Reason.CONCURRENCY

    @model_validator(mode="after")
    def _matches_something(self) -> Self:
        if self.status is None and self.code is None and not self.text:
            raise ValueError("requires `status`, `code` or `text`")
        return self

    def matches(self, status: int, code: int, message: str) -> bool:
        """Whether a refusal is meant."""
        pattern = RefusalPattern(self.reason, self.status, self.code, self.text.lower())
        return pattern.matches(status, code, message.lower())


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

    refusals: tuple[RefusalRule, ...] = ()
    """Refusals that the built-in table does not know."""

    @field_validator("*")
    @classmethod
    def _plain(cls, text: object, info: ValidationInfo) -> object:
        if not isinstance(text, str):
            return text
        if not text.isascii() or not text.isprintable() or " " in text:
            raise ValueError("must be printable ASCII without spaces")
        is_name = info.field_name in ("session_id", "idle_timeout", "disable_idle_timeout")
        if is_name and not text:
            raise ValueError("must be a name")
        if not is_name and text and not text.startswith("/"):
            raise ValueError('must start with "/", or be "" if the API has no such call')
        return text

    def refusal(self, status: int, code: int, message: str) -> Reason | None:
        """Returns the reason of a refusal by the rules of this API; None: none matches."""
        return next((rule.reason for rule in self.refusals if rule.matches(status, code, message)), None)

    def path(self, operation: Operation) -> str:
        """The path of `operation`; "" if the API has no such call."""
        return str(getattr(self, operation.value))
