"""How the pages of a list follow each other."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from loadtests.model.api.description.call import Table
from loadtests.model.api.description.pointer import Pointer


class Paging(Table):
    """How the pages of a list follow each other."""

    by: Literal["any", "token", "page", "link", "none"] = "any"
    """`token`: an answer has the token of the next page. `page`: pages have numbers. `link`: an answer has the address of the
    next page, in its `Link` header (RFC 8288) or at `next`. `none`: an answer has the whole list. `any`: by a `Link` header, a
    token with a usual name, or page numbers, whichever an answer has.
    """
    next: Pointer | None = None
    """Where the token is, or the address; `link` without it: in the `Link` header."""
    parameter: str = ""
    """The query parameter of the token or of the page's number."""
    first: int = Field(default=1, ge=0)
    """The number of the first page."""
    size: int | None = Field(default=None, ge=1)
    """Sessions on a page. A page with fewer is the last. The sandbox puts so many on a page."""

    size_parameter: str = ""
    """The query parameter that asks for pages of that size."""

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.by == "token" and (self.next is None or not self.parameter):
            raise ValueError("by a token requires `next`, where the token is, and `parameter`, in which it is sent")
        if self.by == "page" and not self.parameter:
            raise ValueError("by page numbers requires `parameter`, in which the number is sent")
        if self.next is not None and self.by not in ("token", "link"):
            raise ValueError(f'`next` is for by = "token" and by = "link" (is {self.by!r})')
        if self.parameter and self.by not in ("token", "page"):
            raise ValueError(f'`parameter` is for by = "token" and by = "page" (is {self.by!r})')
        if self.size_parameter and self.size is None:
            raise ValueError("`size_parameter` requires `size`, which is sent in it")
        return self
