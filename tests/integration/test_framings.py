"""The client against every legal framing, side by side with `requests`, and against bytes that are no HTTP."""

from __future__ import annotations

import contextlib
import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import brotli
import gevent
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from loadtests.http.body import BOM
from loadtests.http.connection import Connection
from loadtests.http.route import route_to
from loadtests.model.api.answer import Reason

from .conftest import FaultServer, Peer, answer
from .framings import Framed, FramingServer, answers, damaged

BOUND = 15.0
_CONTINUE = st.just(100)
"""The only interim answer that `requests` reads past."""

Read = tuple[int, bytes]
"""Status and body."""


def _request(number: int) -> bytes:
    return b"POST /%d HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}" % number


def _require_reading(drawn: list[Framed]) -> None:
    """Status and body are right, and a connection is used again exactly when it may be."""
    server = FramingServer(drawn)
    connection = Connection(server)
    with gevent.Timeout(BOUND, AssertionError("no answer")):
        exchanges = [connection.exchange(_request(number)) for number in range(len(drawn))]
    connection.close()
    found = [(each.failure, each.status, each.body) for each in exchanges]
    assert found == [(Reason.NONE, answer.status, answer.body) for answer in drawn]
    expected: list[list[bytes]] = [[]]
    for number, framed in enumerate(drawn):
        expected[-1].append(b"/%d" % number)
        if not framed.is_reusable and number + 1 < len(drawn):
            expected.append([])
    assert server.targets == expected


@given(st.lists(answers(), min_size=1, max_size=4))
def test_every_legal_framing_is_read(drawn: list[Framed]) -> None:
    """In any order, in any segments."""
    _require_reading(drawn)


@given(st.tuples(answers(), answers()), st.lists(st.integers(0, 1), min_size=1, max_size=6))
def test_answers_that_repeat_are_read_as_the_first_time(two: tuple[Framed, Framed], order: list[int]) -> None:
    """Whichever came before: the last short response is known again by its bytes."""
    _require_reading([two[number] for number in order])


@pytest.mark.parametrize(
    ("whole", "is_reusable"),
    [
        (b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", False),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n", False),
        (b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", True),
        (b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}}", False),
        (b"Content-Length: 2\r\n\r\n{}}", False),
        (b"Content-Length: 2\n\n{}", True),
    ],
    ids=["length and chunks", "chunks and length", "repeated", "repeated, and a byte", "a byte", "no CR"],
)
def test_what_is_read_although_it_is_not_legal(whole: bytes, is_reusable: bool) -> None:
    """What contradicts itself, or has bytes too many, ends the connection."""
    _require_reading([Framed((b"HTTP/1.1 200 OK\r\n" + whole,), 200, b"{}", is_reusable, False)] * 3)


class Both:
    """Reads the same bytes with our client and with `requests`, each over a new connection, which ends after them."""

    def __init__(self) -> None:
        self._bytes = b""
        self._server = FaultServer(self._serve)
        self._session = requests.Session()
        self._session.trust_env = False

    def close(self) -> None:
        """End the server."""
        self._session.close()
        self._server.close()

    def ours(self, whole: bytes) -> Read | Reason:
        """What our client makes of it."""
        self._bytes = whole
        connection = Connection(route_to(self._server.url))
        with contextlib.closing(connection), gevent.Timeout(BOUND, AssertionError("no answer")):
            exchange = connection.exchange(_request(0))
        return exchange.failure or (exchange.status, exchange.body)

    def theirs(self, whole: bytes) -> Read | None:
        """What `requests` makes of it; None: an exception."""
        self._bytes = whole
        try:
            response = self._session.post(self._server.url, b"{}", allow_redirects=False, timeout=BOUND)
        except requests.RequestException:
            return None
        return response.status_code, response.content

    def _serve(self, peer: Peer) -> None:
        if peer.request():
            peer.send(self._bytes)


@pytest.fixture(scope="module")
def both() -> Iterator[Both]:
    """Both clients."""
    made = Both()
    yield made
    made.close()


def _without_mark(read: Read | None) -> Read | None:
    """What `requests` read, without the byte-order mark that our client removes."""
    return read and (read[0], read[1].removeprefix(BOM))


@given(framed=answers(_CONTINUE))
def test_requests_reads_the_same(both: Both, framed: Framed) -> None:
    """Status and body of every legal answer, but for those of the table below."""
    assert both.ours(framed.whole) == _without_mark(both.theirs(framed.whole)) == (framed.status, framed.body)


@given(whole=damaged(answers(_CONTINUE)))
def test_damaged_bytes_have_an_outcome(both: Both, whole: bytes) -> None:
    """No exception; what both clients read is the same, and what our client cannot read is reset or unreadable."""
    ours, theirs = both.ours(whole), _without_mark(both.theirs(whole))
    if isinstance(ours, Reason):
        assert ours in (Reason.RESET, Reason.UNREADABLE)
    elif theirs is not None:
        assert ours == theirs


@given(whole=st.binary(max_size=60) | st.binary(max_size=60).map(lambda rest: b"HTTP/1.1 200 OK\r\n" + rest))
def test_any_bytes_have_an_outcome(both: Both, whole: bytes) -> None:
    """Whatever comes, nothing is raised, and the next request is answered."""
    both.ours(whole)
    assert both.ours(answer()) == (200, b'{"code":100}')


JSON = b'{"code":100}'
_RAW = zlib.compressobj(wbits=-zlib.MAX_WBITS)


@pytest.mark.parametrize(
    ("coding", "coded"),
    [
        ("gzip", gzip.compress(JSON)),
        ("gzip", gzip.compress(JSON[:5]) + gzip.compress(JSON[5:])),
        ("gzip", gzip.compress(JSON) + b"\0\0"),
        ("gzip", gzip.compress(b"")),
        ("gzip", b""),
        ("x-gzip", gzip.compress(JSON)),
        ("deflate", zlib.compress(JSON)),
        ("deflate", _RAW.compress(JSON) + _RAW.flush()),
        ("br", brotli.compress(JSON)),
        ("deflate, gzip", gzip.compress(zlib.compress(JSON))),
        ("identity", JSON),
    ],
    # Not the bytes, which hold the time.
    ids=["gzip", "members", "rest", "nothing", "empty", "x-gzip", "deflate", "raw", "br", "two", "identity"],
)
def test_requests_decodes_the_same(both: Both, coding: str, coded: bytes) -> None:
    """Content codings: also several members of gzip, and nothing at all."""
    whole = answer(coded, 200, f"Content-Encoding: {coding}")
    assert both.ours(whole) == both.theirs(whole)


def test_a_bomb_is_not_unpacked(both: Both) -> None:
    """Brotli packs a gigabyte into less than a kilobyte."""
    assert (
        both.ours(answer(brotli.compress(bytes(8 << 20), quality=1), 200, "Content-Encoding: br")) is Reason.UNREADABLE
    )


OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = b"Content-Length: 12\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
READ = (200, JSON)

DIFFERENCES: dict[str, tuple[bytes, Read | Reason, Read | None]] = {
    "an interim answer other than 100": (
        b"HTTP/1.1 103 Hints\r\n\r\n" + OK + LENGTH + b"\r\n" + JSON,
        READ,
        (103, b""),
    ),
    "a head that is cut": (OK + b"Content-Le", Reason.RESET, (200, b"")),
    "a header line without a colon": (OK + b"what\r\n" + LENGTH + b"\r\n" + JSON, Reason.UNREADABLE, READ),
    "a space before the colon": (OK + b"Content-Length : 12\r\n\r\n" + JSON, Reason.UNREADABLE, READ),
    "a control character in a header": (OK + b"X: a\0b\r\n" + LENGTH + b"\r\n" + JSON, Reason.UNREADABLE, READ),
    "a Content-Length that is no number": (OK + b"Content-Length: +12\r\n\r\n" + JSON, Reason.UNREADABLE, READ),
    "`Transfer-Encoding: identity` with a length": (
        OK + b"Transfer-Encoding: identity\r\n" + LENGTH + b"\r\n" + JSON,
        Reason.UNREADABLE,
        READ,
    ),
    "white space in a chunk's extension": (
        OK + CHUNKED + b"\r\nc ; a\r\n" + JSON + b"\r\n0\r\n\r\n",
        Reason.UNREADABLE,
        READ,
    ),
    "empty lines before the status line": (b"\r\n" + OK + LENGTH + b"\r\n" + JSON, READ, None),
    "more than 100 header lines": (OK + b"X: a\r\n" * 101 + LENGTH + b"\r\n" + JSON, READ, None),
    "a header line of more than 64 KB": (OK + b"X: " + b"a" * 70_000 + b"\r\n" + LENGTH + b"\r\n" + JSON, READ, None),
    "304 with `Transfer-Encoding`": (b"HTTP/1.1 304 No\r\n" + CHUNKED + b"\r\n", (304, b""), None),
    "a byte-order mark before the body": (answer(b"\xef\xbb\xbf" + JSON), READ, (200, b"\xef\xbb\xbf" + JSON)),
    "a body of more than 1 MB": (
        answer(bytes((1 << 20) + (1 << 16))),
        Reason.TOO_LARGE,
        (200, bytes((1 << 20) + (1 << 16))),
    ),
}
"""Where the clients differ: what each makes of the bytes. The reasons are in docs/http.md."""


@pytest.mark.parametrize("name", DIFFERENCES)
def test_where_requests_differs(both: Both, name: str) -> None:
    """Each known difference is still one."""
    whole, ours, theirs = DIFFERENCES[name]
    assert both.ours(whole) == ours
    assert both.theirs(whole) == theirs


def test_each_difference_has_its_reason() -> None:
    """The table of docs/http.md has a row for each, and no other row."""
    text = (Path(__file__).parents[2] / "docs" / "http.md").read_text(encoding="utf-8")
    table = text.partition("| the server sends |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| ([^|]+?) \|", table, re.MULTILINE) == list(DIFFERENCES)


def _endless(peer: Peer, begin: bytes, more: bytes) -> None:
    if peer.request():
        peer.send(begin)
        with contextlib.suppress(OSError):
            while True:
                peer.socket.sendall(more)


@pytest.mark.parametrize(
    ("begin", "more"),
    [
        (OK, b"X: a\r\n" * 1000),
        (b"", b"HTTP/1.1 102 Wait\r\n\r\n" * 1000),
        (OK + b"\r\n", bytes(10_000)),
        (OK + CHUNKED + b"\r\n1;", b"a" * 10_000),
        (OK + b"Content-Length: 1\r\nContent-Length: 1\r\n", b"X: a\r\n" * 1000),
    ],
    ids=["head", "interim answers", "body", "extension", "head for the second parser"],
)
def test_an_answer_without_end_is_given_up(fault_server: Callable[..., FaultServer], begin: bytes, more: bytes) -> None:
    """It fills no memory: after some megabytes it is too large, or unreadable."""
    server = fault_server(lambda peer: _endless(peer, begin, more))
    connection = Connection(route_to(server.url))
    with contextlib.closing(connection), gevent.Timeout(BOUND, AssertionError("no end")):
        assert connection.exchange(_request(0)).failure in (Reason.TOO_LARGE, Reason.UNREADABLE)
