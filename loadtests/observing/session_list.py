"""Reads the API's list of sessions out of its answers: ids, times of creation, and whether more pages follow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from loadtests.model.api.description.listing import ListDescription
from loadtests.model.api.description.paging import Paging
from loadtests.model.api.description.pointer import getter
from loadtests.model.api.translation import id_text

_STANDARD = ListDescription(path="/")
"""The places of the default API."""
MAX_PAGES = 1000
"""Pages that are requested for one list."""
_READINGS = 3
"""How often a list is read that changes meanwhile."""
_LONGEST_IDLE_SECONDS = 1e9
"""An idle timeout from here on is none."""
_TOKENS = ("next_pagination_token", "next_page_token", "next_token", "next_cursor")
_MILLISECONDS_FROM = 1e11
"""A number from here on is a Unix time in milliseconds; in seconds it would be the year 5138."""


class PartialListError(ValueError):
    """The list has more sessions than its readable pages show, so that an absent session may be open."""


class ListAnswer(NamedTuple):
    """One answer of the list call."""

    body: bytes
    link: str = ""
    """The address of the next page, from the `Link` header; "" if there is none."""


class PageRequest(NamedTuple):
    """What asks for a page: further query parameters, or the address that the answer before gave."""

    query: dict[str, str | int] = {}
    link: str = ""


class Page(NamedTuple):
    """What one answer of the list call shows."""

    sessions: dict[str, float]
    """Ids with created_at (Unix seconds; 0: missing)."""
    next: PageRequest | None
    """What asks for the next page; None: the answer shows no way to one."""
    total: int
    """Sessions on all pages, as the API says; 0: it does not say."""
    rows: int
    """Rows on this page, of open sessions and others."""
    idle_timeouts: dict[str, float]
    """Idle timeouts by id, in seconds, of the sessions whose row has one."""
    states: dict[str, str]
    """States by id, of the sessions whose row has one: hostile input."""


class SessionList(NamedTuple):
    """The open sessions on all pages of a list."""

    sessions: dict[str, float]
    """As in `Page`."""
    idle_timeouts: dict[str, float]
    """As in `Page`."""
    states: dict[str, str]
    """As in `Page`."""


def read_sessions(
    get: Callable[[PageRequest], ListAnswer], first: ListAnswer, listing: ListDescription = _STANDARD
) -> SessionList:
    """Returns all sessions of a list that begins with the answer `first`; `get` requests a page.

    `listing` says where the sessions are.

    Raises ValueError if an answer has another shape, PartialListError if the pages do not hold the whole list, and whatever
    `get` raises.
    """
    for _ in range(_READINGS):
        sessions = _read_once(get, first, listing)
        if sessions is not None:
            return sessions
        first = get(PageRequest())
    raise PartialListError("the list changed whenever its pages were read")


def _read_once(
    get: Callable[[PageRequest], ListAnswer], first: ListAnswer, listing: ListDescription
) -> SessionList | None:
    """Returns all sessions; None if pages with numbers moved while they were read, so that a session may be on none of them."""
    page = page_of(first, listing)
    found = SessionList(dict(page.sessions), dict(page.idle_timeouts), dict(page.states))
    sessions, total, seen = found.sessions, page.total, page.rows
    following = page.next or _by_number(listing.paging, 1, page, seen)
    for number in range(2, MAX_PAGES + 2):
        if following is None:
            break
        page = page_of(get(following), listing)
        if listing.paging.by == "page" and page.total != total:
            return None
        if not page.rows and listing.paging.by == "page":
            following = None
        if not page.rows or (page.sessions and page.sessions.keys() <= sessions.keys()):
            break
        sessions.update(page.sessions)
        found.idle_timeouts.update(page.idle_timeouts)
        found.states.update(page.states)
        seen += page.rows
        following = page.next or _by_number(listing.paging, number, page, seen)
    if following or total > max(seen, len(sessions)):
        raise PartialListError(f"the list shows {len(sessions)} sessions and has more, on pages that cannot be read")
    return found


def page_of(received: ListAnswer, listing: ListDescription = _STANDARD) -> Page:
    """Returns one page. Raises ValueError if the answer has another shape."""
    try:
        answer = msgspec.json.decode(received.body)
    except RecursionError:
        raise ValueError("the list is nested too deeply") from None
    rows = next((found for get in map(getter, listing.sessions) if isinstance(found := get(answer), list)), None)
    if rows is None:
        raise ValueError("the list has no sessions")
    of_id, of_time, of_state = getter(listing.id), getter(listing.created_at), getter(listing.state)
    of_idle = None if listing.idle_timeout is None else getter(listing.idle_timeout)
    sessions: dict[str, float] = {}
    idle_timeouts: dict[str, float] = {}
    states: dict[str, str] = {}
    for row in rows:
        session_id = id_text(of_id(row))
        if not isinstance(row, dict) or not session_id or not listing.counts(state := of_state(row)):
            continue
        sessions[session_id] = unix_time(of_time(row))
        if isinstance(state, str):
            states[session_id] = state
        if of_idle and (idle := _seconds(of_idle(row))):
            idle_timeouts[session_id] = idle
    totals = (_count(get(answer)) for get in map(getter, listing.total))
    following = _next_page(answer, received.link, listing.paging)
    return Page(sessions, following, next(filter(None, totals), 0), len(rows), idle_timeouts, states)


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


def _seconds(value: Any) -> float:
    """A duration of the list; 0 where it is none."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 < value < _LONGEST_IDLE_SECONDS else 0.0


def _next_page(answer: Any, link: str, paging: Paging) -> PageRequest | None:
    """Returns what asks for the next page, as the answer shows it; None: it shows nothing."""
    if paging.by in ("none", "page"):
        return None
    if paging.by == "any":
        return PageRequest(link=link) if link else _usual_next_page(answer)
    shown = link if paging.next is None else getter(paging.next)(answer)
    if not isinstance(shown, str | int) or not shown:
        return None
    return PageRequest(link=str(shown)) if paging.by == "link" else PageRequest({paging.parameter: shown})


def _by_number(paging: Paging, pages: int, page: Page, seen: int) -> PageRequest | None:
    """Returns what asks for the page after so many pages with `seen` rows, if pages have numbers and it may have a row."""
    if paging.by != "page" or (page.total and seen >= page.total):
        return None
    if not page.rows or (not page.total and paging.size and page.rows < paging.size):
        return None
    return PageRequest({paging.parameter: paging.first + pages})


def _usual_next_page(answer: Any) -> PageRequest | None:
    data = answer.get("data", answer) if isinstance(answer, dict) else {}
    places = [place for place in (data, answer) if isinstance(place, dict)]
    for place in places:
        for name in _TOKENS:
            token = place.get(name)
            if isinstance(token, str) and token:
                # The name of the parameter is not documented: the usual ones are sent together.
                return PageRequest({"pagination_token": token, "token": token, name.removeprefix("next_"): token})
    page, size, total = (_first_count(places, name) for name in ("page", "page_size", "total"))
    return PageRequest({"page": page + 1, "page_size": size}) if page and size and total > page * size else None


def _first_count(places: list[dict[str, Any]], name: str) -> int:
    return next((found for place in places if (found := _count(place.get(name)))), 0)


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
