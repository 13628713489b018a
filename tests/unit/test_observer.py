"""Reading the API's list, in whichever shape it comes."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from loadtests.observing.list_observer import sessions_in
from loadtests.observing.list_snapshot import ListSnapshot


def listed(*rows: Any, inner: bool = False) -> bytes:
    """A list of these rows, within the envelope or without."""
    sessions = {"sessions": list(rows)}
    return json.dumps(sessions if inner else {"code": 100, "message": "success", "data": sessions}).encode()


@pytest.mark.parametrize("inner", [False, True], ids=["envelope", "bare"])
def test_both_shapes_are_read(inner: bool) -> None:
    """Sessions are found within the envelope and without it, with the time of their creation."""
    rows = [{"session_id": "a", "status": "new", "created_at": 1700000000}, {"session_id": "b", "created_at": 1.5}]
    assert sessions_in(listed(*rows, inner=inner)) == {"a": 1700000000.0, "b": 1.5}


@pytest.mark.parametrize("inner", [False, True], ids=["envelope", "bare"])
def test_empty_list_is_no_mistake(inner: bool) -> None:
    """No sessions are no sessions."""
    assert sessions_in(listed(inner=inner)) == {}


@pytest.mark.parametrize("created", ["yesterday", None, [], {}, "1700000000"])
def test_creation_that_is_no_number_is_not_told(created: Any) -> None:
    """A session whose creation cannot be read is listed all the same, with 0."""
    assert sessions_in(listed({"session_id": "a", "created_at": created})) == {"a": 0.0}


def test_creation_may_be_missing() -> None:
    """A session without a time of creation is listed."""
    assert sessions_in(listed({"session_id": "a"})) == {"a": 0.0}


@pytest.mark.parametrize("row", [None, 7, "a", [], {}, {"session_id": 7}, {"session_id": None}, {"id": "a"}])
def test_row_without_an_id_hides_no_other(row: Any) -> None:
    """A row that names no session is passed over, and the rows around it are read."""
    assert sessions_in(listed({"session_id": "a"}, row, {"session_id": "b"})) == {"a": 0.0, "b": 0.0}


def test_session_listed_twice_is_one_session() -> None:
    """An id counts once."""
    assert list(sessions_in(listed({"session_id": "a"}, {"session_id": "a"}))) == ["a"]


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
        sessions_in(body)


@pytest.mark.parametrize("created", [b"1" + b"0" * 400, b"-1" + b"0" * 400, b"18446744073709551616"])
def test_creation_beyond_all_numbers_does_not_end_the_observer(created: bytes) -> None:
    """A time of creation that no float holds is either not told, or the list is told to be unreadable."""
    try:
        found = sessions_in(b'{"sessions":[{"session_id":"a","created_at":%b}]}' % created)
    except (ValueError, msgspec.DecodeError):
        return
    assert list(found) == ["a"]


def test_look_survives_its_way_to_the_run() -> None:
    """A look is one line of JSON, and comes back as it was."""
    look = ListSnapshot(1.0, 1.1, 1.2, "ok", "", 200, 100, 2, 0.5, [("a\n…", 1.5)], ["b\r"])
    line = msgspec.json.encode(look)
    assert b"\n" not in line
    assert msgspec.json.decode(line, type=ListSnapshot) == look
