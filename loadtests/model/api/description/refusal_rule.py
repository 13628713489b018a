"""How an API says that it refuses a call."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from loadtests.model.api.answer import Reason
from loadtests.model.api.description.call import Table
from loadtests.model.api.refusals import RefusalPattern


class RefusalRule(Table):
    """One refusal, by status, code and text; what is not given matches anything. The first that matches counts."""

    status: int | None = Field(default=None, ge=100, le=599)
    """The HTTP status."""
    code: int | None = None
    """The API's own code."""
    text: str = Field(default="", max_length=200)
    """A part of the message; upper and lower case are the same."""
    reason: Literal[
        Reason.CONCURRENCY,
        Reason.SESSION_FULL,
        Reason.RATE,
        Reason.QUOTA,
        Reason.CLOSED,
        Reason.MISSING,
        Reason.STATE,
        Reason.UNAUTHORIZED,
        Reason.INVALID,
    ] = Reason.CONCURRENCY

    @model_validator(mode="after")
    def _matches_something(self) -> Self:
        if self.status is None and self.code is None and not self.text:
            raise ValueError("requires `status`, `code` or `text`")
        return self

    @property
    def pattern(self) -> RefusalPattern:
        """The rule as a row of the table of refusals."""
        return RefusalPattern(self.reason, self.status, self.code, self.text.lower())
