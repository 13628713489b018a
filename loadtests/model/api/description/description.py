"""The description of one API."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, ValidationError, model_validator

from loadtests.model.api.answer import Reason
from loadtests.model.api.description.call import CallDescription, Table
from loadtests.model.api.description.listing import ListDescription
from loadtests.model.api.description.pointer import Pointer
from loadtests.model.api.description.refusal_rule import RefusalRule
from loadtests.model.api.description.template import IDLE_TIMEOUT, KEPT, SESSION_ID, TOKEN
from loadtests.model.api.operation import USUAL_ACTIVITY, USUAL_REPEATABLE, Operation
from loadtests.model.text.suggestion import nearest
from loadtests.model.text.toml import parse_toml
from loadtests.model.text.units import Seconds
from loadtests.model.text.validation import from_pydantic

ApiName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=60)]
Variable = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+$")]

DEFAULT = "konpro"
FOLDER = Path(__file__).parents[4] / "profiles" / "apis"
"""The descriptions that are shipped."""


class Credential(Table):
    """A header that carries a key or a token."""

    header: HeaderName = "Authorization"
    scheme: str = "Bearer"
    """Before the key, as in `Bearer KEY`; "": the key alone."""

    @property
    def prefix(self) -> str:
        """What stands before the key."""
        return f"{self.scheme} " if self.scheme else ""

    def line(self, secret: str) -> str:
        """Returns the header with `secret`: a key, or a token."""
        return f"{self.header}: {self.prefix}{secret}"


class KeyDescription(Credential):
    """Where the API key comes from, and the header that carries it."""

    variables: tuple[Variable, ...] = ()
    """Environment variables that hold it, beside STREAMSOAK_API_KEY: those that the API's users have already."""
    also: tuple[Credential, ...] = ()
    """Other headers in which the API takes it."""


class TokenDescription(Credential):
    """The header that carries the token of `create_token`, and what the token is good for."""

    one_session: bool = False
    """A token opens one session, and is good for the calls of that session alone."""


class IdleTimeout(Table):
    """How long a session may be idle."""

    set_by: Literal["client", "api"] = "client"
    """Whether a client asks for it, or the API has one value."""
    least: Seconds = Field(default=30.0, gt=0)
    most: Seconds = Field(default=3599.0, gt=0)
    default: Seconds = Field(default=120.0, gt=0)
    """The timeout of a client that does not ask, or of all."""
    disable: str = ""
    """A field of `new` that clients may still send to disable the timeout."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not 0 < self.least <= self.default <= self.most < math.inf:
            raise ValueError(f"requires least ≤ default ≤ most (is {self.least:g}, {self.default:g}, {self.most:g})")
        return self

    @property
    def range(self) -> tuple[float, float]:
        """The shortest and longest timeout of a session, in seconds."""
        return (self.least, self.most) if self.set_by == "client" else (self.default, self.default)


class Envelope(Table):
    """What answers have in common."""

    code: Pointer | None = None
    """The API's own code."""
    success: int = 100
    """The code of a success."""
    data: Pointer | None = None
    """Where the answer proper is."""
    error: Pointer | None = None
    """Not null: the call failed."""
    message: tuple[Pointer, ...] = ("/message", "/error/message", "/error", "/detail", "/msg", "/title", "/description")
    """Where the message of a refusal is: the first that is a text. The sandbox writes it to the first."""


_CALLS = tuple(operation.value for operation in Operation if operation is not Operation.LIST)


def _is_call(name: Any) -> Any:
    if name in _CALLS or not isinstance(name, str):
        return name
    if name == Operation.LIST:
        raise ValueError("is no call: the list has a table of its own, [list]")
    raise ValueError(f"is no call (known: {', '.join(_CALLS)}){nearest(name, _CALLS)}")


CallName = Annotated[Operation, BeforeValidator(_is_call)]


class ApiDescription(Table):
    """How an API looks on the wire. `calls` has the calls that the API offers; one that is missing is not sent."""

    name: ApiName
    about: str = ""
    base: str = ""
    """The address of the real API: for the reader, and the one that `audit --intercept` answers for."""
    sources: tuple[str, ...] = ()
    """Where the description comes from."""
    guessed: tuple[str, ...] = ()
    """What of it is not documented."""
    key: KeyDescription = KeyDescription()
    token: TokenDescription = TokenDescription()
    idle_timeout: IdleTimeout = IdleTimeout()
    session_cap: Seconds | None = Field(default=None, gt=0)
    """The API's usual cap on a session's duration, in seconds."""
    answers: Envelope = Envelope()
    calls: dict[CallName, CallDescription]
    list: ListDescription | None = None
    refusals: tuple[RefusalRule, ...] = ()
    """Refusals, in the order in which they are tried."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        # A line for each mistake: all are told at once.
        mistakes = [*self._missing(), *(mistake for each in self.calls.items() for mistake in self._wrong(*each))]
        if mistakes:
            raise ValueError("\n".join(mistakes))
        return self

    def _missing(self) -> Iterator[str]:
        for needed in (Operation.NEW, Operation.STOP):
            if needed not in self.calls:
                yield f"[calls.{needed}] is required: the call that {_PURPOSE[needed]}"
        new = self.calls.get(Operation.NEW)
        if new and not new.answer.session_id:
            yield "calls.new.answer.session_id is required: where the answer has the session's id"

    def _wrong(self, operation: Operation, call: CallDescription) -> Iterator[str]:
        kept = {f"{KEPT}{name}" for other in self.calls.values() for name in other.answer.keep}
        for name in sorted(call.fields):
            if name.startswith(KEPT) and name not in kept:
                yield f"calls.{operation} uses {{{name}}}, which no answer keeps{nearest(name, sorted(kept))}"
        gives_token = Operation.CREATE_TOKEN in self.calls and self.calls[Operation.CREATE_TOKEN].answer.token
        if (call.auth == "token" or TOKEN in call.fields) and not gives_token:
            yield f"calls.{operation} uses the token, but calls.create_token.answer.token does not say where it is"
        if call.activity and operation not in USUAL_ACTIVITY:
            yield f"calls.{operation}.activity must not be true: only a call on an open session resets its idle timer"
        if SESSION_ID in call.fields and operation in (Operation.NEW, Operation.CREATE_TOKEN):
            yield f"calls.{operation} uses {{session_id}}, which its answer gives"
        if IDLE_TIMEOUT in call.fields and self.idle_timeout.set_by == "api":
            yield f'calls.{operation} asks for an idle timeout, but idle_timeout.set_by is "api"'

    def has(self, operation: Operation) -> bool:
        """Whether the API offers the call."""
        return self.list is not None if operation is Operation.LIST else operation in self.calls

    @cached_property
    def activity(self) -> frozenset[Operation]:
        """Calls that reset the idle timer."""
        said = {operation: call.activity for operation, call in self.calls.items()}
        return _chosen(said, USUAL_ACTIVITY)

    @cached_property
    def repeatable(self) -> frozenset[Operation]:
        """Calls that have the same effect once or twice."""
        said = {operation: call.repeatable for operation, call in self.calls.items()}
        if self.list is not None:
            said[Operation.LIST] = self.list.repeatable
        return _chosen(said, USUAL_REPEATABLE)

    def path(self, operation: Operation) -> str:
        """The path of a call as the description has it; "" if the API has no such call."""
        call = self.list if operation is Operation.LIST else self.calls.get(operation)
        return call.path if call else ""

    def call_name(self, operation: Operation) -> str:
        """What reports call a call that the API has."""
        call = self.calls[operation] if operation is not Operation.LIST else self.list
        assert call is not None
        return call.name or call.request_line

    @property
    def needs_token(self) -> bool:
        """Whether a call uses the token of `create_token`."""
        return any(call.auth == "token" or TOKEN in call.fields for call in self.calls.values())

    @cached_property
    def is_default(self) -> bool:
        """Whether it is the API that streamsoak assumes if nothing else is said."""
        return self.name == DEFAULT

    def wording(self, reason: Reason) -> RefusalRule | None:
        """The rule by which the API says `reason`; None: it has no words of its own for it."""
        return next((rule for rule in self.refusals if rule.reason == reason), None)


def _chosen(said: dict[Operation, bool | None], usual: frozenset[Operation]) -> frozenset[Operation]:
    """Returns the calls for which the description says yes, or says nothing and which are `usual`."""
    return frozenset(
        operation for operation, is_one in said.items() if is_one or (is_one is None and operation in usual)
    )


_PURPOSE = {Operation.NEW: "takes a slot", Operation.STOP: "closes a session"}


def load_description(path: Path) -> ApiDescription:
    """Returns the description in a TOML file, named after the file unless it has a name. Raises InputError with all mistakes."""
    return build_description(str(path), {"name": path.stem, **parse_toml(path)})


def build_description(where: str, tables: dict[str, Any]) -> ApiDescription:
    """Returns the description that `tables` hold. Raises InputError with all mistakes."""
    try:
        return ApiDescription.model_validate(tables)
    except ValidationError as error:
        raise from_pydantic(where, error, ApiDescription) from None
