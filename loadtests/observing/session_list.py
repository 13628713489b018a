"""Reads the API's list of sessions out of its answers: ids, times of creation, and whether more pages follow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

MAX_PAGES = 1000
"""Pages that are requested for one list."""
_TOKENS = ("next_pagination_token", "next_page_token", "next_token", "next_cursor")
_MILLISECONDS_FROM = 1e11
"""A number from here on is a Unix time in milliseconds; in seconds it would be the year 5138."""


class PartialListError(ValueError):
    """The list has more sessions than its readable pages show, so that an absent session may be open."""


class Page(NamedTuple):
    """One answer of the list call."""

    sessions: dict[str, float]
    """Ids with created_at (Unix seconds; 0: missing)."""
    next: dict[str, str | int]
    """Query parameters of the next page; empty: this is the last one."""
    total: int
    """Sessions on all pages, as the API says; 0: it does not say."""


def read_list(
    get: Callable[[dict[str, str | int]], bytes], first: bytes, id_field: str = "session_id"
) -> dict[str, float]:
    """Returns all sessions of a list that begins with the answer `first`; `get` requests a page by its query parameters.

    Raises ValueError if an answer has another shape, PartialListError if the pages do not hold the whole list, and whatever
    `get` raises.
    """
    page = page_of(first, id_field)
    sessions, total = dict(page.sessions), page.total
    for _ in range(MAX_PAGES):
        if not page.next:
            break
        page = page_of(get(page.next), id_field)
        if page.sessions.keys() <= sessions.keys():
            break
        sessions |= page.sessions
    if page.next or total > len(sessions):
        raise PartialListError(f"the list shows {len(sessions)} sessions and has more, on pages that cannot be read")
    return sessions


def page_of(body: bytes, id_field: str = "session_id") -> Page:
    """Returns one page. Raises ValueError if the answer has another shape.

    Accepts `{"data": {"sessions": […]}}` and `{"sessions": […]}`: the API is reported to answer both.
    """
    try:
        answer = msgspec.json.decode(body)
    except RecursionError:
        raise ValueError("the list is nested too deeply") from None
    data = answer.get("data", answer) if isinstance(answer, dict) else None
    rows = data.get("sessions") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(rows, list):
        raise ValueError("the list has no sessions")
    sessions = {
        session_id: unix_time(row.get("created_at"))
        for row in rows
        if isinstance(row, dict) and isinstance(session_id := row.get(id_field), str)
    }
    return Page(sessions, _next_page(data, answer), _count(data.get("total")))


def unix_time(value: Any) -> float:
    """Returns Unix seconds of a time in seconds, milliseconds or ISO 8601; 0 where it is none of these."""
    if isinstance(value, str):
        try:
            time = datetime.fromisoformat(value.strip())
        except ValueError:
            return 0.0
        return max(0.0, (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp())
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e15:
        return 0.0
    return float(value) / 1000 if value >= _MILLISECONDS_FROM else float(value)


def _next_page(data: dict[str, Any], answer: dict[str, Any]) -> dict[str, str | int]:
    for place in (data, answer):
        for name in _TOKENS:
            token = place.get(name)
            if isinstance(token, str) and token:
                # The name of the parameter is not documented: the usual ones are sent together.
                return {"pagination_token": token, "token": token, name.removeprefix("next_"): token}
    page, size, total = (_count(data.get(name)) for name in ("page", "page_size", "total"))
    return {"page": page + 1, "page_size": size} if page and size and total > page * size else {}


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
