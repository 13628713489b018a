"""A scenario's `[api]` table with paths and names: changes to the default API, for one whose calls have other names."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationInfo, field_validator

from loadtests.model.api.description.call import CallDescription, Table
from loadtests.model.api.description.description import ApiDescription
from loadtests.model.api.description.refusal_rule import RefusalRule
from loadtests.model.api.operation import Operation

_NAMES = ("session_id", "idle_timeout", "disable_idle_timeout")


class ApiChanges(Table):
    """Paths and names on the wire; what is not given stays. A path of "" means that the API has no such call."""

    create_token: str | None = None
    new: str | None = None
    start: str | None = None
    task: str | None = None
    interrupt: str | None = None
    start_listening: str | None = None
    stop_listening: str | None = None
    keep_alive: str | None = None
    stop: str | None = None
    list: str | None = None
    session_id: str = "session_id"
    idle_timeout: str = "activity_idle_timeout"
    disable_idle_timeout: str = "disable_idle_timeout"
    refusals: tuple[RefusalRule, ...] = ()
    """Refusals, tried before those of the default API."""

    @field_validator("*")
    @classmethod
    def _plain(cls, text: object, info: ValidationInfo) -> object:
        if not isinstance(text, str):
            return text
        if not text.isascii() or not text.isprintable() or " " in text:
            raise ValueError("must be printable ASCII without spaces")
        is_name = info.field_name in _NAMES
        if is_name and not text:
            raise ValueError("must be a name")
        if not is_name and text and not text.startswith("/"):
            raise ValueError('must start with "/", or be "" if the API has no such call')
        if not is_name and "{" in text:
            raise ValueError(
                "must be the path itself: an API with ids in its paths needs a description, see docs/apis.md"
            )
        return text

    def applied(self, default: ApiDescription) -> ApiDescription:
        """Returns `default` with these changes."""
        if self == ApiChanges():
            return default
        changed = {operation: self._changed(operation, call) for operation, call in default.calls.items()}
        calls = {operation: call for operation, call in changed.items() if call.path}
        listing = default.list
        if listing is not None and self.list is not None:
            listing = listing.model_copy(update={"path": self.list, "name": ""}) if self.list else None
        if listing is not None:
            listing = listing.model_copy(update={"id": f"/{self.session_id}"})
        idle_timeout = default.idle_timeout.model_copy(update={"disable": self.disable_idle_timeout})
        changes = {
            "calls": calls,
            "list": listing,
            "idle_timeout": idle_timeout,
            "refusals": self.refusals + default.refusals,
        }
        return default.model_copy(update=changes)

    def _changed(self, operation: Operation, call: CallDescription) -> CallDescription:
        path = getattr(self, operation.value)
        body = {self._name(name): value for name, value in call.body.items()} if call.body else call.body
        answer: Any = call.answer
        if answer.session_id:
            pointer = answer.session_id.replace("/session_id", f"/{self.session_id}")
            answer = answer.model_copy(update={"session_id": pointer})
        moved = {} if path is None else {"path": path, "name": ""}
        return call.model_copy(update={**moved, "body": body, "answer": answer})

    def _name(self, name: str) -> str:
        return {"session_id": self.session_id, "activity_idle_timeout": self.idle_timeout}.get(name, name)
