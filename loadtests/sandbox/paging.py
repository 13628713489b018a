"""Divides the sandbox's list into pages, as the description says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlencode

from loadtests.model.api.description.listing import ListDescription
from loadtests.model.api.description.paging import Paging
from loadtests.model.api.rules import HostedSession

_PARAMETER = "after"
"""In the sandbox's links."""


class ShownPage(NamedTuple):
    """One page of the list."""

    rows: Sequence[HostedSession]
    next: str = ""
    """The token or the address of the next page; "" if this is the last one."""


def shown_page(listing: ListDescription, rows: Sequence[HostedSession], asked: Mapping[str, str]) -> ShownPage:
    """Returns the page of `rows` that the query `asked` asks for. Without a size, it is the whole list.

    A token names the last session of the page before, so that pages stay right while sessions end.
    """
    paging, size = listing.paging, _size(listing.paging, asked)
    if size is None or paging.by in ("any", "none"):
        return ShownPage(rows)
    if paging.by == "page":
        number = asked.get(paging.parameter, "")
        begin = max(int(number) - paging.first, 0) * size if number.isdecimal() else 0
        return ShownPage(rows[begin : begin + size])
    parameter = paging.parameter or _PARAMETER
    after = asked.get(parameter, "")
    in_order = sorted(rows, key=_token)
    rest = [session for session in in_order if _token(session) > after]
    shown = rest[:size]
    if len(rest) <= size:
        return ShownPage(shown)
    token = _token(shown[-1])
    if paging.by == "token":
        return ShownPage(shown, token)
    return ShownPage(shown, f"{listing.path}?{urlencode({**asked, parameter: token})}")


def _size(paging: Paging, asked: Mapping[str, str]) -> int | None:
    wanted = asked.get(paging.size_parameter, "") if paging.size_parameter else ""
    if paging.size is None or not wanted.isdecimal():
        return paging.size
    return min(max(int(wanted), 1), paging.size)


def _token(session: HostedSession) -> str:
    return f"{session.created:020.6f}-{session.id}"
