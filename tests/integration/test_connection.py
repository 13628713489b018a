"""The HTTP connection against real servers, most of which misbehave."""

from __future__ import annotations

import contextlib
import gzip
import socket
import ssl
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import gevent
import pytest

from loadtests.http.client import HttpClient
from loadtests.http.connection import LARGEST_BODY, Connection
from loadtests.http.exchange import Exchange
from loadtests.http.route import route_to
from loadtests.model.api.answer import Reason
from loadtests.model.api.description.default import default_api
from loadtests.observing.list_observer import ListRefusedError, listed_sessions

from .conftest import answer

if TYPE_CHECKING:
    from tests.integration.conftest import FaultServer, Peer, Script

    Servers = Callable[..., FaultServer]

BOUND = 15.0


def request(text: str = "hello") -> bytes:
    """A whole request."""
    body = text.encode()
    return b"POST /v1/streaming.new HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


class Clock:
    """The monotonic clock, which a test may put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        """The time."""
        return time.monotonic() + self.ahead


@contextlib.contextmanager
def connected(url: str, clock: Clock | None = None) -> Iterator[Connection]:
    """A connection to `url`, closed at the end; nothing in between may take longer than the bound."""
    connection = Connection(route_to(url), clock or time.monotonic)
    try:
        with gevent.Timeout(BOUND):
            yield connection
    finally:
        connection.close()


def told(exchange: Exchange) -> tuple[Reason, int, bytes]:
    """What an exchange came to, without its times."""
    return exchange.failure, exchange.status, exchange.body


GOOD = (Reason.NONE, 200, b'{"code":100}')


def raw(*parts: bytes) -> Script:
    """A script: after each request the next part is sent; the connection is closed after the last one."""

    def serve(peer: Peer) -> None:
        for part in parts:
            if peer.request():
                peer.send(part)

    return serve


def held(*parts: bytes) -> Script:
    """The same, but the connection stays open until the client goes."""

    def serve(peer: Peer) -> None:
        raw(*parts)(peer)
        peer.request()

    return serve


def test_one_connection_serves_many_requests(fault_server: Servers, polite: Script) -> None:
    """Requests in a row go over one connection, in order, and each gets its own answer."""
    server = fault_server(polite)
    with connected(server.url) as connection:
        exchanges = [connection.exchange(request(f"number {n}")) for n in range(5)]
    assert [told(exchange) for exchange in exchanges] == [GOOD] * 5
    assert server.requests == [request(f"number {n}") for n in range(5)]
    assert server.connections == 1
    assert exchanges[0].connecting > 0
    assert all(exchange.connecting == 0 for exchange in exchanges[1:])


def test_times_are_in_order(fault_server: Servers, polite: Script) -> None:
    """Sent is not before the beginning, answered not before sent, and nothing is under way afterwards."""
    server = fault_server(polite)
    with connected(server.url) as connection:
        before = time.monotonic()
        exchange = connection.exchange(request())
        assert before <= exchange.sent <= exchange.answered <= time.monotonic()
        assert connection.busy_since == 0


def test_connection_closed_while_idle_is_replaced_before_anything_is_sent(
    fault_server: Servers, polite: Script
) -> None:
    """A peer that closes an idle connection costs a reconnect, not a request."""
    server = fault_server(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), polite)
    clock = Clock()
    with connected(server.url, clock) as connection:
        assert connection.exchange(request("first")).body == b"ok"
        server.closed.get(timeout=BOUND)
        clock.ahead = 60
        second = connection.exchange(request("second"))
    assert told(second) == GOOD
    assert second.connecting > 0
    assert server.requests == [request("first"), request("second")]
    assert server.connections == 2


def test_idle_connection_that_says_something_unasked_is_replaced(fault_server: Servers, polite: Script) -> None:
    """Bytes that nobody asked for are never taken for the next answer."""
    answered, said = threading.Event(), threading.Event()

    def talkative(peer: Peer) -> None:
        peer.request()
        peer.answer()
        answered.wait(BOUND)
        peer.answer(b"unasked", 408, "Connection: close")
        said.set()
        peer.request()

    server = fault_server(talkative, polite)
    clock = Clock()
    with connected(server.url, clock) as connection:
        assert told(connection.exchange(request())) == GOOD
        answered.set()
        assert said.wait(BOUND)
        clock.ahead = 60
        assert told(connection.exchange(request())) == GOOD


def test_request_that_was_read_but_not_answered_is_never_repeated(fault_server: Servers, polite: Script) -> None:
    """A server that closes after it read the request leaves an outcome `reset`, and gets the request once."""
    server = fault_server(raw(b""), polite)
    with connected(server.url) as connection:
        lost = connection.exchange(request("once"))
        assert (lost.failure, lost.was_sent, lost.status, lost.body) == (Reason.RESET, True, 0, b"")
        assert connection.busy_since == 0
        assert server.requests == [request("once")]
        assert server.connections == 1
        assert told(connection.exchange(request("next"))) == GOOD
    assert server.requests == [request("once"), request("next")]


def test_a_stale_connection_is_told_from_an_unstable_api(fault_server: Servers, polite: Script) -> None:
    """A kept connection that ends before an answer begins: sent again only what may be repeated, and that only once."""
    once = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", b"")
    server = fault_server(once, once, raw(b""), polite)
    with connected(server.url) as connection:
        assert connection.exchange(request("first")).failure is Reason.NONE
        stale = connection.exchange(request("new"))
        assert (stale.failure, stale.was_sent, stale.was_repeated) == (Reason.STALE, True, False)
        assert connection.exchange(request("second"), is_repeatable=True).failure is Reason.NONE
        lost = connection.exchange(request("stop"), is_repeatable=True)
        assert (lost.failure, lost.was_repeated) == (Reason.RESET, True)
        assert told(connection.exchange(request("third"))) == GOOD
    assert server.requests == [request(name) for name in ("first", "new", "second", "stop", "stop", "third")]


def test_a_server_that_closes_after_each_answer_without_a_word(fault_server: Servers) -> None:
    """What may be repeated gets its answer; what may not is sent on a connection that was checked."""
    server = fault_server(raw(b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"code":100}'))
    with connected(server.url) as connection:
        for number in range(10):
            assert told(connection.exchange(request(f"keep-alive {number}"), is_repeatable=True)) == GOOD
            server.closed.get(timeout=BOUND)
            assert told(connection.exchange(request(f"new {number}"))) == GOOD
            server.closed.get(timeout=BOUND)
    assert len(server.requests) == len(set(server.requests)) == 20


def test_reset_by_peer_after_the_request_is_reset(fault_server: Servers) -> None:
    """A TCP reset in place of an answer is outcome `reset`, sent."""

    def reset(peer: Peer) -> None:
        peer.request()
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    server = fault_server(reset)
    with connected(server.url) as connection:
        exchange = connection.exchange(request())
    assert (exchange.failure, exchange.was_sent) == (Reason.RESET, True)
    assert server.connections == 1


WHOLE = b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"code":100}'
CHUNKED = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"cod\r\n7\r\ne":100}\r\n0\r\n\r\n'


@pytest.mark.parametrize("whole", [WHOLE, CHUNKED], ids=["length", "chunked"])
def test_half_an_answer_is_no_answer(fault_server: Servers, whole: bytes) -> None:
    """An answer that is cut, at whichever byte, is `reset` and shows neither status nor body."""
    server = fault_server(*(raw(whole[:cut]) for cut in range(len(whole))))
    with connected(server.url) as connection:
        for cut in range(len(whole)):
            exchange = connection.exchange(request())
            assert told(exchange) == (Reason.RESET, 0, b""), whole[:cut]
    assert server.connections == len(whole)


@pytest.mark.parametrize("whole", [WHOLE, CHUNKED], ids=["length", "chunked"])
def test_answer_may_come_byte_by_byte(fault_server: Servers, whole: bytes) -> None:
    """How the network cuts an answer into pieces does not matter, and the connection can be used again."""

    def slow(peer: Peer) -> None:
        peer.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while peer.request():
            for at in range(len(whole)):
                peer.send(whole[at : at + 1])

    server = fault_server(slow)
    with connected(server.url) as connection:
        assert [told(connection.exchange(request())) for _ in range(3)] == [GOOD] * 3
    assert server.connections == 1


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00\xff\x16\x03\x01 what?\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2p1\r\n",
        b"HTTP/1.1 99999 Much\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=["bytes", "ssh", "status", "length", "chunk"],
)
def test_garbage_is_unreadable(fault_server: Servers, polite: Script, garbage: bytes) -> None:
    """What is no HTTP is `unreadable`, sent; the next request goes over a new connection."""
    server = fault_server(held(garbage), polite)
    with connected(server.url) as connection:
        exchange = connection.exchange(request("first"))
        assert told(exchange) == (Reason.UNREADABLE, 0, b"")
        assert exchange.was_sent
        assert told(connection.exchange(request("second"))) == GOOD
    assert server.requests == [request("first"), request("second")]


def test_switch_of_protocols_is_a_failure_like_any_other(fault_server: Servers, polite: Script) -> None:
    """An answer 101 that nobody asked for raises nothing: the request is told as sent, without a result."""
    switching = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
    server = fault_server(held(switching), polite)
    with connected(server.url) as connection:
        exchange = connection.exchange(request())
        assert exchange.was_sent
        assert exchange.failure is Reason.UNREADABLE
        assert connection.busy_since == 0
        assert told(connection.exchange(request())) == GOOD


@pytest.mark.parametrize(
    "interim", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"], ids=["100", "103"]
)
def test_interim_answer_is_not_the_answer(fault_server: Servers, interim: bytes) -> None:
    """A 1xx answer is passed over (RFC 9110, 15.2), and never leaves the final one behind for the next request."""

    def serve(peer: Peer) -> None:
        number = 0
        while peer.request():
            number += 1
            peer.send(interim)
            # The client shall have read the interim answer by itself.
            time.sleep(0.05)
            peer.answer(b"answer %d" % number)

    server = fault_server(serve)
    with connected(server.url) as connection:
        exchanges = [connection.exchange(request()) for _ in range(3)]
    assert [told(exchange) for exchange in exchanges] == [(Reason.NONE, 200, b"answer %d" % n) for n in (1, 2, 3)]


def test_interim_and_final_answer_in_one_piece_are_one_answer(fault_server: Servers) -> None:
    """A 1xx answer that comes together with the final one does not disturb it."""
    server = fault_server(held(b"HTTP/1.1 100 Continue\r\n\r\n" + WHOLE, WHOLE))
    with connected(server.url) as connection:
        assert [told(connection.exchange(request())) for _ in range(2)] == [GOOD] * 2


@pytest.mark.parametrize(
    "second", [b"HTTP/1.1 404 No\r\nContent-Length: 6\r\n\r\nsecond", b"}", b"\0"], ids=["answer", "byte", "zero"]
)
def test_what_follows_an_answer_is_not_mixed_with_it(fault_server: Servers, polite: Script, second: bytes) -> None:
    """Of a second answer, or of bytes too many, neither the next request nor the first answer gets anything."""
    first = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst"
    server = fault_server(held(first + second), polite)
    with connected(server.url) as connection:
        exchange = connection.exchange(request())
        assert told(exchange) == (Reason.NONE, 200, b"first")
        assert told(connection.exchange(request())) == GOOD


def test_chunked_answers_are_joined_and_the_connection_kept(fault_server: Servers) -> None:
    """A chunked answer is put together, and the connection is used again."""
    server = fault_server(held(CHUNKED, CHUNKED))
    with connected(server.url) as connection:
        assert [told(connection.exchange(request())) for _ in range(2)] == [GOOD] * 2
    assert server.connections == 1


@pytest.mark.parametrize("chunked", [False, True])
def test_two_megabytes_are_too_large(fault_server: Servers, polite: Script, chunked: bool) -> None:
    """An answer of 2 MB is given up as `too-large`, whichever way it is framed, and the next request is not disturbed."""
    body = b"x" * (2 << 20)
    head = b"HTTP/1.1 200 OK\r\n"
    framed = (
        b"Transfer-Encoding: chunked\r\n\r\n200000\r\n%b\r\n0\r\n\r\n"
        if chunked
        else b"Content-Length: 2097152\r\n\r\n%b"
    )
    server = fault_server(held(head + framed % body), polite)
    with connected(server.url) as connection:
        exchange = connection.exchange(request())
        assert (exchange.failure, exchange.was_sent, exchange.body) == (Reason.TOO_LARGE, True, b"")
        assert told(connection.exchange(request())) == GOOD


def test_largest_body_is_read(fault_server: Servers) -> None:
    """An answer of just the largest size is still read."""

    def serve(peer: Peer) -> None:
        peer.request()
        peer.answer(b"x" * LARGEST_BODY)

    with connected(fault_server(serve).url) as connection:
        exchange = connection.exchange(request())
    assert (exchange.failure, len(exchange.body)) == (Reason.NONE, LARGEST_BODY)


def test_connection_close_is_obeyed(fault_server: Servers) -> None:
    """After an answer with `Connection: close` the next request goes over a new connection, each once."""

    def serve(peer: Peer) -> None:
        peer.request()
        peer.answer(b'{"code":100}', 200, "Connection: close")
        # It does not close: whoever believes what it said has to.
        peer.request()

    server = fault_server(serve)
    with connected(server.url) as connection:
        assert [told(connection.exchange(request())) for _ in range(3)] == [GOOD] * 3
    assert server.connections == 3
    assert len(server.requests) == 3


def test_empty_answers_are_answers(fault_server: Servers) -> None:
    """An answer without a body (204, or of length 0) is whole, and the connection is kept."""
    empty = (b"HTTP/1.1 204 No Content\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    server = fault_server(held(*empty))
    with connected(server.url) as connection:
        assert told(connection.exchange(request())) == (Reason.NONE, 204, b"")
        assert told(connection.exchange(request())) == (Reason.NONE, 200, b"")
    assert server.connections == 1


PLAIN = b'{"code":100}'
RAW_DEFLATE = zlib.compressobj(wbits=-zlib.MAX_WBITS)


@pytest.mark.parametrize(
    "whole",
    [
        b"HTTP/1.1 200 OK\r\n\r\n" + PLAIN,
        b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + PLAIN,
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + PLAIN,
        answer(PLAIN, 200, "Content-Encoding: identity"),
        answer(gzip.compress(PLAIN), 200, "content-encoding: GZIP"),
        answer(gzip.compress(PLAIN), 200, "Content-Encoding:x-gzip"),
        answer(zlib.compress(PLAIN), 200, "Content-Encoding: deflate"),
        answer(RAW_DEFLATE.compress(PLAIN) + RAW_DEFLATE.flush(), 200, "Content-Encoding: deflate"),
        answer(gzip.compress(zlib.compress(PLAIN)), 200, "Content-Encoding: deflate, gzip"),
        answer(b"\xef\xbb\xbf" + PLAIN),
        answer(gzip.compress(b"\xef\xbb\xbf" + PLAIN), 200, "Content-Encoding: gzip"),
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(PLAIN),
    ],
    ids=[
        *(
            "no length",
            "HTTP/1.0",
            "interim",
            "identity",
            "gzip",
            "x-gzip",
            "deflate",
            "raw deflate",
            "deflate and gzip",
        ),
        *("byte-order mark", "byte-order mark within gzip", "gzip without a length"),
    ],
)
def test_every_legal_answer_is_read(fault_server: Servers, whole: bytes) -> None:
    """Bodies that end with the connection, content codings that nobody asked for, a byte-order mark; and refusals likewise."""
    server = fault_server(raw(whole), raw(whole.replace(b" 200 ", b" 400 ")))
    with connected(server.url) as connection:
        assert told(connection.exchange(request())) == GOOD
        server.closed.get(timeout=BOUND)
        assert told(connection.exchange(request())) == (Reason.NONE, 400, PLAIN)


@pytest.mark.parametrize(
    "whole",
    [
        answer(gzip.compress(PLAIN)[:-4], 200, "Content-Encoding: gzip"),
        answer(PLAIN[1:], 200, "Content-Encoding: gzip"),
        answer(b"\x01", 200, "Content-Encoding: compress"),
        answer(gzip.compress(bytes(LARGEST_BODY + 1)), 200, "Content-Encoding: gzip"),
    ],
    ids=["incomplete", "not coded", "unknown", "too large"],
)
def test_a_coding_that_cannot_be_undone_is_unreadable(fault_server: Servers, whole: bytes) -> None:
    """With its status; a bomb is not unpacked."""
    with connected(fault_server(raw(whole)).url) as connection:
        exchange = connection.exchange(request())
    assert (exchange.failure, exchange.status) == (Reason.UNREADABLE, 200)


def test_a_client_for_single_requests_reads_the_same(fault_server: Servers) -> None:
    """An interim answer before the list; an answer that never comes is given up in time."""

    def serve(peer: Peer) -> None:
        assert peer.request().startswith(b"GET /v1/streaming.list?page=2 HTTP/1.1\r\n")
        peer.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
        peer.answer(PLAIN)
        assert peer.request() == request("unanswered")
        peer.request()

    client = HttpClient(route_to(fault_server(serve).url), default_api(), "key", timeout=0.3)
    assert told(client.get("/v1/streaming.list", {"page": 2})) == GOOD
    assert client.send(request("unanswered")).failure is Reason.TIMEOUT
    client.close()


def test_a_page_of_the_list_that_is_cut_is_told(fault_server: Servers) -> None:
    """The caller of a list gets a reason, not an error of another kind."""
    first = b'{"code":100,"data":{"sessions":[{"session_id":"a"}],"next_pagination_token":"more"}}'
    server = fault_server(raw(answer(first), b""), raw(b""))
    client = HttpClient(route_to(server.url), default_api(), "key", BOUND)
    with contextlib.closing(client), pytest.raises(ListRefusedError, match="a page without a usable answer"):
        listed_sessions(client, default_api(), "key")
    assert b"=more HTTP/1.1" in server.requests[1]


def test_refused_port_sends_nothing() -> None:
    """Where nobody listens nothing was sent, and that is said."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with connected(f"http://127.0.0.1:{port}") as connection:
        exchange = connection.exchange(request())
        assert (exchange.failure, exchange.was_sent, exchange.status) == (Reason.CONNECT, False, 0)
        assert connection.busy_since == 0


@pytest.mark.parametrize(
    "host", ["host.invalid", "a" * 64 + ".invalid", "a..invalid"], ids=["unknown", "long", "empty"]
)
def test_name_that_cannot_be_resolved_sends_nothing(host: str) -> None:
    """A host name that is unknown, or cannot be one, is a failure to connect and raises nothing."""
    with connected(f"http://{host}:1") as connection:
        exchange = connection.exchange(request())
        assert (exchange.failure, exchange.was_sent) == (Reason.CONNECT, False)
        assert connection.busy_since == 0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7),
        (" 12 ", 12),
        ("999999", 3600),
        ("9" * 400, 3600),
        ("soon", 0),
        ("-5", 0),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 0),  # past, by its own Date
        ("Fri, 31 Dec 2027 23:59:59 GMT", 59),
        ("Friday, 31-Dec-27 23:59:59 GMT", 59),
        ("Fri Dec 31 23:59:59 2027", 59),
        ("Sat, 01 Jan 2028 00:59:00 GMT", 3600),
        ("Fri, 99 Foo 2027", 0),
        ("Fri, 31 Dec 2027 23:59:99999999999999999999 GMT", 0),
        ("Fri, 31 Dec 2027 23:59:59 +99999999999999999999", 0),
    ],
)
def test_retry_after_is_read_in_seconds_and_bounded(fault_server: Servers, value: str, seconds: float) -> None:
    """Seconds, or a date in any of HTTP's three forms against the server's own clock; an hour at the most."""

    def serve(peer: Peer) -> None:
        peer.request()
        peer.answer(b"{}", 429, f"retry-AFTER: {value}", "Date: Fri, 31 Dec 2027 23:59:00 GMT")

    with connected(fault_server(serve).url) as connection:
        exchange = connection.exchange(request())
    assert (exchange.status, exchange.retry_after) == (429, seconds)


def test_retry_after_is_forgotten_with_its_answer(fault_server: Servers) -> None:
    """The next answer on the same connection does not inherit it."""

    def serve(peer: Peer) -> None:
        peer.request()
        peer.answer(b"{}", 429, "Retry-After: 7")
        peer.request()
        peer.answer()
        peer.request()

    server = fault_server(serve)
    with connected(server.url) as connection:
        assert [connection.exchange(request()).retry_after for _ in range(2)] == [7, 0]
    assert server.connections == 1


def test_unverified_certificate_is_a_failure_to_connect(
    fault_server: Servers, polite: Script, self_signed: ssl.SSLContext
) -> None:
    """Nothing is sent to a server whose certificate nobody vouches for."""
    server = fault_server(polite, context=self_signed)
    with connected(f"https://127.0.0.1:{server.port}") as connection:
        exchange = connection.exchange(request())
    assert (exchange.failure, exchange.was_sent) == (Reason.CONNECT, False)
    assert server.requests == []


def test_verified_certificate_is_talked_to(
    fault_server: Servers,
    polite: Script,
    self_signed: ssl.SSLContext,
    certificate: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same server, vouched for by the system's store, is used, its connection kept and looked at while idle."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    server = fault_server(polite, context=self_signed)
    clock = Clock()
    with connected(f"https://127.0.0.1:{server.port}", clock) as connection:
        assert told(connection.exchange(request())) == GOOD
        clock.ahead = 60
        assert told(connection.exchange(request())) == GOOD
    assert server.connections == 1


def test_certificate_of_another_name_is_a_failure_to_connect(
    fault_server: Servers,
    polite: Script,
    self_signed: ssl.SSLContext,
    certificate: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A certificate that is vouched for, but not for this name, is refused."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    server = fault_server(polite, context=self_signed)
    with connected(f"https://localhost:{server.port}") as connection:
        exchange = connection.exchange(request())
    assert (exchange.failure, exchange.was_sent) == (Reason.CONNECT, False)
    assert server.requests == []


def test_server_without_tls_is_a_failure_to_connect(fault_server: Servers) -> None:
    """An https origin that answers in plain text gets no request."""

    def plain(peer: Peer) -> None:
        peer.socket.recv(1 << 16)
        peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    server = fault_server(plain)
    with connected(f"https://127.0.0.1:{server.port}") as connection:
        exchange = connection.exchange(request())
    assert (exchange.failure, exchange.was_sent) == (Reason.CONNECT, False)


def test_cut_sends_half_and_closes(fault_server: Servers, polite: Script) -> None:
    """`cut` sends the first half of the request, then the connection is gone; the next request gets a new one."""
    server = fault_server(polite)
    whole = request("a person who crashes")
    with connected(server.url) as connection:
        exchange = connection.exchange(whole, is_cut=True)
        assert (exchange.failure, exchange.was_sent) == (Reason.CUT, True)
        assert exchange.sent <= exchange.answered
        assert server.partial.get(timeout=BOUND) == whole[: len(whole) // 2]
        assert server.requests == []
        assert told(connection.exchange(request())) == GOOD
    assert server.connections == 2


def test_cut_on_a_kept_connection_closes_that_one(fault_server: Servers, polite: Script) -> None:
    """`cut` uses the connection that is there, and takes it away."""
    server = fault_server(polite)
    with connected(server.url) as connection:
        assert told(connection.exchange(request())) == GOOD
        connection.exchange(request("crash"), is_cut=True)
        assert server.partial.get(timeout=BOUND) == request("crash")[: len(request("crash")) // 2]
    assert server.connections == 1


def test_cut_without_a_server_sends_nothing() -> None:
    """`cut` where nobody listens is a failure to connect."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with connected(f"http://127.0.0.1:{port}") as connection:
        exchange = connection.exchange(request(), is_cut=True)
    assert (exchange.failure, exchange.was_sent) == (Reason.CONNECT, False)


def test_timeout_thrown_into_a_request_ends_it_and_its_connection(fault_server: Servers, polite: Script) -> None:
    """TimeoutError thrown while the answer is awaited makes it `timeout`; a late answer is nobody's."""

    def late(peer: Peer) -> None:
        peer.request()
        peer.request()
        peer.answer(b"late")

    server = fault_server(late, polite)
    with connected(server.url) as connection:
        asking = gevent.spawn(connection.exchange, request())
        while not server.requests:
            gevent.sleep(0.01)
        assert connection.busy_since > 0
        asking.kill(TimeoutError(), block=False)
        exchange = asking.get(timeout=BOUND)
        assert (exchange.failure, exchange.was_sent) == (Reason.TIMEOUT, True)
        assert told(connection.exchange(request())) == GOOD


def test_requests_at_once_do_not_wait_for_each_other(fault_server: Servers, polite: Script) -> None:
    """A connection that waits lets others of the same process go on."""

    def silent(peer: Peer) -> None:
        peer.request()
        peer.request()

    slow, quick = fault_server(silent), fault_server(polite)
    with connected(slow.url) as one, connected(quick.url) as other:
        waiting = gevent.spawn(one.exchange, request())
        while not slow.requests:
            gevent.sleep(0.01)
        assert told(other.exchange(request())) == GOOD
        assert not waiting.ready()
        waiting.kill(TimeoutError(), block=False)
        assert waiting.get(timeout=BOUND).failure is Reason.TIMEOUT
