"""One call of an API: method, path, key, body, and where the values of its answer are."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from loadtests.model.api.description.pointer import Pointer
from loadtests.model.api.description.template import fields_in

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class Table(BaseModel):
    """A table of a description: its keys are known, and it does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


def _from_json(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise ValueError(f"is not JSON: {error}") from None


class AnswerFields(Table):
    """Where the values of an answer are; without a pointer, the answer does not have the value."""

    session_id: Pointer | None = None
    token: Pointer | None = None
    """A token that later calls use instead of the key. It is kept in memory only."""
    cap: Pointer | None = None
    """The session's longest duration, in seconds."""
    duration: Pointer | None = None
    """The duration of the spoken answer to a task."""
    duration_unit: Literal["s", "ms"] = "s"
    keep: dict[str, Pointer] = {}
    """Values that later calls need, by name: their templates have `{kept.NAME}`."""


class CallDescription(Table):
    """One call."""

    name: str = Field(default="", max_length=80)
    """What reports call it; "": by method and path."""
    method: Method = "POST"
    path: str
    """A template: `/streams/{session_id}`."""
    auth: Literal["key", "token", "none"] = "key"
    """What authorises it: the API key, or the token of `create_token`."""
    activity: bool | None = None
    """Whether it resets the idle timer. Not given: every call does but `create_token`, `new` and `stop`."""
    repeatable: bool | None = None
    """Whether it has the same effect once or twice, so that it may be sent again if a connection broke before the answer. Not
    given: all may but `create_token`, `new`, `start` and `task`."""
    body: dict[str, Any] | None = None
    """A template; None: no body."""
    answer: AnswerFields = AnswerFields()
    status: int = Field(default=200, ge=200, le=299)
    """The HTTP status of a success, as the sandbox answers."""
    example: Annotated[dict[str, Any], BeforeValidator(_from_json)] = Field(default_factory=dict)
    """What else the sandbox's answer contains: a table, or JSON as a text, which TOML's tables need for null."""
    empty: bool = False
    """Whether the sandbox's answer has no body."""

    @field_validator("path")
    @classmethod
    def _is_a_path(cls, path: str) -> str:
        if not path.startswith("/") or not path.isascii() or not path.isprintable() or " " in path:
            raise ValueError('must be printable ASCII without spaces and start with "/"')
        list(fields_in(path))
        return path

    @field_validator("body")
    @classmethod
    def _has_known_fields(cls, body: dict[str, Any] | None) -> dict[str, Any] | None:
        list(fields_in(body))
        return body

    @property
    def request_line(self) -> str:
        """Method and path for a reader: "POST /v1/streaming.stop", "DELETE /streams/{id}"."""
        return f"{self.method} {self.path.replace('{session_id}', '{id}')}"

    @property
    def fields(self) -> frozenset[str]:
        """The names of the fields in path and body."""
        return frozenset((*fields_in(self.path), *fields_in(self.body)))
