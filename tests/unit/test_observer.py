"""Reading the API's list, in whichever shape it comes."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest

from loadtests.http.link import next_link, target_of
from loadtests.model.api.description.listing import ListDescription
from loadtests.model.api.description.paging import Paging
from loadtests.model.api.rules import HostedSession
from loadtests.observing.list_snapshot import ListSnapshot
from loadtests.observing.session_list import (
    ListAnswer,
    PageRequest,
    PartialListError,
    page_of,
    read_sessions,
    unix_time,
)
from loadtests.sandbox.paging import shown_page


def listed(*rows: Any, inner: bool = False) -> bytes:
    """A list of these rows, within the envelope or without."""
    sessions = {"sessions": list(rows)}
    return json.dumps(sessions if inner else {"code": 100, "message": "success", "data": sessions}).encode()


@pytest.mark.parametrize("inner", [False, True], ids=["envelope", "bare"])
def test_both_shapes_are_read(inner: bool) -> None:
    """Sessions are found within the envelope and without it, with the time of their creation."""
    rows = [{"session_id": "a", "status": "new", "created_at": 1700000000}, {"session_id": "b", "created_at": 1.5}]
    assert page_of(ListAnswer(listed(*rows, inner=inner))).sessions == {"a": 1700000000.0, "b": 1.5}


@pytest.mark.parametrize("inner", [False, True], ids=["envelope", "bare"])
def test_empty_list_is_no_mistake(inner: bool) -> None:
    """No sessions are no sessions."""
    assert page_of(ListAnswer(listed(inner=inner))).sessions == {}


@pytest.mark.parametrize("created", ["yesterday", None, [], {}, "1700000000"])
def test_creation_that_is_no_number_is_not_told(created: Any) -> None:
    """A session whose creation cannot be read is listed all the same, with 0."""
    assert page_of(ListAnswer(listed({"session_id": "a", "created_at": created}))).sessions == {"a": 0.0}


def test_creation_may_be_missing() -> None:
    """A session without a time of creation is listed."""
    assert page_of(ListAnswer(listed({"session_id": "a"}))).sessions == {"a": 0.0}


@pytest.mark.parametrize(
    "row", [None, 7, "a", [], {}, {"session_id": True}, {"session_id": ""}, {"session_id": None}, {"id": "a"}]
)
def test_row_without_an_id_hides_no_other(row: Any) -> None:
    """A row that names no session is passed over, and the rows around it are read."""
    assert page_of(ListAnswer(listed({"session_id": "a"}, row, {"session_id": "b"}))).sessions == {"a": 0.0, "b": 0.0}


def test_id_may_be_a_number() -> None:
    """As in the answer to `new`, it is read as text."""
    assert page_of(ListAnswer(listed({"session_id": 7}))).sessions == {"7": 0.0}


def test_session_listed_twice_is_one_session() -> None:
    """An id counts once."""
    assert list(page_of(ListAnswer(listed({"session_id": "a"}, {"session_id": "a"}))).sessions) == ["a"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"7",
        b'"sessions"',
        b"[]",
        b"{}",
        b'{"data":null}',
        b'{"data":[]}',
        b'{"data":{}}',
        b'{"data":{"sessions":null}}',
        b'{"data":{"sessions":{}}}',
        b'{"sessions":"none"}',
        b'{"data":{"sessions":[{"session_id":"a"}',
        b"<html>502</html>",
        b"\xff\xfe\x00",
        b'{"sessions":[{"session_id":"\xff"}]}',
        b'{"sessions":[{"session_id":"\\ud800"}]}',
        b"[" * 200_000,
        b'{"data":' * 200_000,
        b'{"sessions":[' + b'{"x":' * 200_000,
    ],
    ids=lambda body: repr(body[:40]),
)
def test_another_shape_is_told_and_never_taken_for_an_empty_list(body: bytes) -> None:
    """What is no list raises the ValueError that is promised: nothing else, which would end the observer."""
    with pytest.raises((ValueError, msgspec.DecodeError)):
        page_of(ListAnswer(body))


@pytest.mark.parametrize("created", [b"1" + b"0" * 400, b"-1" + b"0" * 400, b"18446744073709551616"])
def test_creation_beyond_all_numbers_does_not_end_the_observer(created: bytes) -> None:
    """A time of creation that no float holds is either not told, or the list is told to be unreadable."""
    try:
        found = page_of(ListAnswer(b'{"sessions":[{"session_id":"a","created_at":%b}]}' % created)).sessions
    except (ValueError, msgspec.DecodeError):
        return
    assert list(found) == ["a"]


def test_look_survives_its_way_to_the_run() -> None:
    """A look is one line of JSON, and comes back as it was."""
    look = ListSnapshot(1.0, 1.1, 1.2, "ok", "", 200, 100, 2, 0.5, [("a\n…", 1.5)], ["b\r"])
    line = msgspec.json.encode(look)
    assert b"\n" not in line
    assert msgspec.json.decode(line, type=ListSnapshot) == look


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (1700000000, 1700000000.0),
        (1700000000123, 1700000000.123),
        ("2023-11-14T22:13:20Z", 1700000000.0),
        ("2023-11-14T23:13:20+01:00", 1700000000.0),
        ("2023-11-14T22:13:20", 1700000000.0),
        (True, 0.0),
        (-1, 0.0),
    ],
)
def test_times_in_seconds_milliseconds_and_iso_8601(value: Any, seconds: float) -> None:
    """Each is told apart by its size or its type."""
    assert unix_time(value) == pytest.approx(seconds)


def _pages(*pages: list[str], **of_each: Any) -> tuple[ListAnswer, Any]:
    """The first answer of a paged list, and what requests the others by the token that the one before gave."""

    def body(number: int) -> ListAnswer:
        more = {"next_pagination_token": f"p{number + 1}"} if number + 1 < len(pages) else {}
        rows = [{"session_id": session_id} for session_id in pages[number]]
        return ListAnswer(json.dumps({"code": 100, "data": {"sessions": rows, **more, **of_each}}).encode())

    return body(0), lambda wanted: body(int(str(wanted.query["pagination_token"])[1:]))


def test_pages_are_followed() -> None:
    """By the token of each answer, to the last page."""
    first, get = _pages(["a", "b"], ["c"], ["d"], total=4)
    assert list(read_sessions(get, first).sessions) == ["a", "b", "c", "d"]


def test_pages_by_number_are_followed() -> None:
    """By page, page_size and total."""

    def body(page: int) -> ListAnswer:
        rows = [{"session_id": f"{page}-{n}"} for n in range(2 if page < 3 else 1)]
        return ListAnswer(json.dumps({"data": {"sessions": rows, "page": page, "page_size": 2, "total": 5}}).encode())

    assert len(read_sessions(lambda wanted: body(int(wanted.query["page"])), body(1)).sessions) == 5


def _described(rows: int, **paging: Any) -> tuple[ListDescription, Any]:
    """A list with `rows` sessions, paged as the sandbox pages it, and what answers a request for a page."""
    listing = ListDescription(path="/list", sessions=("/rows",), id="/id", total=(), paging=Paging(**paging))
    hosted = [HostedSession(f"s-{number}", float(number), 60.0, 3600.0) for number in range(rows)]

    def get(wanted: PageRequest) -> ListAnswer:
        asked = dict(parse_qsl(urlsplit(wanted.link).query)) or {name: str(text) for name, text in wanted.query.items()}
        page = shown_page(listing, hosted, asked)
        document = {"rows": [{"id": session.id} for session in page.rows], "next": page.next or None}
        return ListAnswer(json.dumps(document).encode(), page.next if paging["by"] == "link" else "")

    return listing, get


@pytest.mark.parametrize("rows", [0, 1, 4, 5, 8, 9])
@pytest.mark.parametrize(
    "paging",
    [
        {"by": "token", "next": "/next", "parameter": "cursor"},
        {"by": "page", "parameter": "p", "first": 0},
        {"by": "page", "parameter": "page"},
        {"by": "link"},
        {"by": "link", "next": "/next"},
    ],
    ids=str,
)
def test_described_pages_are_followed(paging: dict[str, Any], rows: int) -> None:
    """By token, number or address, also where the last page is full, or there is nothing."""
    listing, get = _described(rows, size=4, **paging)
    assert list(read_sessions(get, get(PageRequest()), listing).sessions) == [f"s-{number}" for number in range(rows)]


def test_pages_with_numbers_end_with_an_empty_one() -> None:
    """Where neither a total nor a size is known."""
    listing, get = _described(8, size=4, by="page", parameter="page")
    unknown = listing.model_copy(update={"paging": Paging(by="page", parameter="page")})
    assert len(read_sessions(get, get(PageRequest()), unknown).sessions) == 8
    with pytest.raises(PartialListError):
        read_sessions(lambda wanted: get(PageRequest()), get(PageRequest()), unknown)


def test_pages_that_move_are_read_again() -> None:
    """A session that ends while numbered pages are read moves the others up: one of them would be on no page."""
    listing, get = _described(8, size=4, by="page", parameter="page")
    counted = listing.model_copy(update={"total": ("/total",)})
    totals = iter([8, 7, 7, 7])

    def moving(wanted: PageRequest) -> ListAnswer:
        shown = json.loads(get(wanted).body)
        return ListAnswer(json.dumps({**shown, "total": next(totals, 7)}).encode())

    assert len(read_sessions(moving, moving(PageRequest()), counted).sessions) == 8
    totals = iter(range(1000, 0, -1))
    with pytest.raises(PartialListError, match="changed"):
        read_sessions(moving, moving(PageRequest()), counted)


@pytest.mark.parametrize(
    ("head", "link"),
    [
        (b'HTTP/1.1 200 OK\r\nLink: </a?p=2>; rel="next"\r\n', "/a?p=2"),
        (
            b'HTTP/1.1 200 OK\r\nlink: </a>; rel=prev, <https://other/b?x=1,2>; title="a, <b>; rel=next"; rel=Next\r\n',
            "https://other/b?x=1,2",
        ),
        (b'HTTP/1.1 200 OK\r\nLink: </a>; rel="last"\r\nLink: <?p=3>; rel="up next"\r\n', "?p=3"),
        (b'HTTP/1.1 200 OK\r\nLink: </a>; rel="last"; rel="next"\r\n', ""),
        (b"HTTP/1.1 200 OK\r\nX-Link: </a>; rel=next\r\n", ""),
    ],
)
def test_the_link_header_is_read(head: bytes, link: str) -> None:
    """As RFC 8288 has it: several links and headers, quoted commas, several relations, only the first `rel`."""
    assert next_link(head) == link


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("/base/list?p=2", "/list?p=2"),
        ("https://elsewhere.example/list?p=2", "/list?p=2"),
        ("?p=2", "/list?p=2"),
        ("list?p=2", "/list?p=2"),
    ],
)
def test_the_next_page_is_asked_of_the_api_under_test(link: str, target: str) -> None:
    """Relative or not, with the origin's prefix or without: never of another host, which would get the key."""
    assert target_of(link, "/list?p=1", "/base") == target


def test_a_page_that_repeats_itself_makes_the_list_partial() -> None:
    """An API that ignores the token answers the first page again: its list proves nothing about absent sessions."""
    first, _ = _pages(["a", "b"], ["c"])
    with pytest.raises(PartialListError):
        read_sessions(lambda wanted: first, first)


def test_a_total_that_is_not_reached_makes_the_list_partial() -> None:
    """Without a way to the other pages."""
    first, get = _pages(["a", "b"], total=12)
    with pytest.raises(PartialListError):
        read_sessions(get, first)
