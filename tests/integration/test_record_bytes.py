"""`streamsoak record` passes requests and answers on unchanged, and refuses what must not be passed on."""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import h11
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import FaultServer, Peer
from .recorded import BOUND_SECONDS, Recorded, Upstream, Whole, connect, read_all, read_message, recorded, stored

pytestmark = pytest.mark.faults

SECRET = "sk-this-is-the-key-0123456789"

Header = tuple[bytes, bytes]

_TOKEN = st.text(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.!#$%&'*+^`|~", min_size=1, max_size=20
)
_HOPS = {
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
    "content-length",
    "host",
    "expect",
}
_NAMES = _TOKEN.filter(lambda name: name.lower() not in {*_HOPS, "content-type"}).map(str.encode)
_VALUES = st.binary(max_size=40).map(lambda data: bytes(byte for byte in data if byte >= 0x21 and byte != 0x7F))
_HEADERS = st.lists(st.tuples(_NAMES, _VALUES), max_size=8)
_BODIES = st.lists(st.binary(min_size=1, max_size=3000), max_size=5)
_TARGETS = st.text("abcdefXYZ0189-._~%!$&'()*+,;=:@/?", max_size=30).map(lambda text: "/" + text)
_STATUSES = st.sampled_from([200, 201, 202, 204, 206, 299, 302, 304, 400, 404, 409, 418, 429, 500, 503])


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    """Gives the answer that a test sets."""
    server = Upstream(lambda request: b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    yield server
    server.close()


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[Recorded]:
    """One proxy for all tests that leave it as it is; none of them leaves the key on the disk."""
    with recorded(
        tmp_path_factory.mktemp("proxy") / "runs", f"{upstream.url}/before", "--max-body", "100KB"
    ) as running:
        yield running
        assert running.process.poll() is None, running.said
    assert "Traceback" not in running.said
    assert SECRET.encode() not in stored(running.runs.parent)


def framed(pieces: list[bytes], chunked: bool, trailers: list[Header]) -> tuple[bytes, bytes]:
    """The header that says where a body ends, and the body as it goes over the wire."""
    if not chunked:
        body = b"".join(pieces)
        return b"Content-Length: %d\r\n" % len(body), body
    end = b"0\r\n%b\r\n" % b"".join(b"%b: %b\r\n" % field for field in trailers)
    return b"Transfer-Encoding: chunked\r\n", b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + end


def lines(headers: list[Header]) -> bytes:
    """Headers on the wire."""
    return b"".join(b"%b: %b\r\n" % field for field in headers)


def without_hops(headers: list[Header]) -> list[Header]:
    """Headers that must arrive as they are."""
    return [(name, value) for name, value in headers if name.decode().lower() not in _HOPS]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]),
    target=_TARGETS,
    sent=_HEADERS,
    body=_BODIES,
    chunked=st.booleans(),
    trailers=_HEADERS,
    status=_STATUSES,
    reason=st.sampled_from([b"OK", b"", b"Not What You  Expected"]),
    told=_HEADERS,
    answer=_BODIES,
    framing=st.sampled_from(["length", "chunks", "close"]),
    answer_trailers=_HEADERS,
    cut=st.integers(1, 400),
)
def test_what_is_passed_on_is_what_was_sent(
    proxy: Recorded,
    upstream: Upstream,
    method: str,
    target: str,
    sent: list[Header],
    body: list[bytes],
    chunked: bool,
    trailers: list[Header],
    status: int,
    reason: bytes,
    told: list[Header],
    answer: list[bytes],
    framing: str,
    answer_trailers: list[Header],
    cut: int,
) -> None:
    """Method, target, headers in their order and case, body and trailers, both ways; Host and hop-by-hop headers excepted."""
    has_body = method != "HEAD" and status not in (204, 304)
    length, wire = framed(answer, framing == "chunks", answer_trailers)
    if framing == "close":
        length, wire = b"Connection: close\r\n", b"".join(answer)
    head = b"HTTP/1.1 %d %b\r\n%b%b\r\n" % (status, reason, lines(told), b"" if status == 204 else length)
    upstream.answer = lambda request: head + (wire if has_body else b"")
    asked_length, asked = framed(body, chunked, trailers)
    credential = [(b"Authorization", f"Bearer {SECRET}".encode())]
    request = b"%b %b HTTP/1.1\r\nHost: elsewhere.invalid\r\n%b%b\r\n%b" % (
        method.encode(),
        target.encode(),
        lines(credential + sent),
        asked_length,
        asked,
    )
    with connect(proxy.url) as connection:
        connection.sendall(request[:cut])
        connection.sendall(request[cut:])
        parser = h11.Connection(h11.CLIENT)
        parser.send(h11.Request(method=method, target="/", headers=[("Host", "x")]))
        parser.send(h11.EndOfMessage())
        came = read_message(parser, connection)
    assert came is not None
    got = upstream.requests[-1]
    assert isinstance(got.head, h11.Request)
    assert isinstance(came.head, h11.Response)
    assert got.head.method == method.encode()
    assert got.head.target == f"/before{target}".encode()
    assert [value for name, value in got.headers if name == b"Host"] == [upstream.url.removeprefix("http://").encode()]
    assert without_hops(got.headers) == credential + sent
    assert got.body == b"".join(body)
    assert got.trailers == (trailers if chunked else [])
    assert (came.head.status_code, came.head.reason) == (status, reason)
    assert without_hops(came.headers) == told
    assert came.body == (b"".join(answer) if has_body else b"")
    assert came.trailers == (answer_trailers if framing == "chunks" and has_body else [])


def exchange(url: str, request: bytes, *, ends: bool = False) -> bytes:
    """What comes of these bytes, until the proxy closes. `ends`: we close our own end first."""
    with connect(url) as connection:
        connection.sendall(request)
        if ends:
            connection.shutdown(socket.SHUT_WR)
        return read_all(connection)


REFUSED = {
    "two lengths": (400, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
    "the same length twice": (400, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
    "length and chunks": (
        400,
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    "chunks and length": (
        400,
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    ),
    "chunked twice": (
        (400, 501),
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    "a hidden coding": (
        (400, 501),
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \tchunked\t\r\n\r\n0\r\n\r\n",
    ),
    "another coding": ((400, 501), b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n"),
    "a list of lengths": (400, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc"),
    "a length with a sign": (400, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc"),
    "a chunk that is none": (400, b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n"),
    "a chunk that is none, in the last request": (
        400,
        b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
    ),
    "bare line feeds": (400, b"GET / HTTP/1.1\nHost: a\n\n"),
    "a folded header": (400, b"GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n"),
    "a space before the colon": (400, b"GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
    "a zero byte": (400, b"GET / HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n"),
    "no host": (400, b"GET / HTTP/1.1\r\n\r\n"),
    "two hosts": (400, b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
    "no path": (400, b"GET a HTTP/1.1\r\nHost: a\r\n\r\n"),
    "TLS": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64)),
    "HTTP/2": ((400, 505), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "CONNECT": (501, b"CONNECT a.invalid:443 HTTP/1.1\r\nHost: a.invalid\r\n\r\n"),
    "a web socket": (
        501,
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n",
    ),
    "a long line": (431, b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n"),
    "a long header that does not end": (431, b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 400_000),
    "many headers": (431, b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: 1\r\n" * 20_000 + b"\r\n"),
    "endless trailers": (
        431,
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"a" * 800_000,
    ),
    "a body that is too large": (413, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n"),
    "chunks that are too many": (
        413,
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        + (b"4000\r\n" + bytes(0x4000) + b"\r\n") * 8,
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_passed_on(proxy: Recorded, upstream: Upstream, case: str) -> None:
    """A refusal says whose it is, the connection is closed, no request reaches the upstream, and the next client is served."""
    expected, request = REFUSED[case]
    before = len(upstream.requests)
    came = exchange(proxy.url, request)
    assert (status := int(came.split(b" ", 2)[1])) in (expected if isinstance(expected, tuple) else (expected,)), came
    assert b'{"message": "streamsoak record: ' in came
    assert b"Proxy-Status: streamsoak-record; error=" in came
    assert len(upstream.requests) == before, status
    upstream.answer = lambda request: b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    assert exchange(proxy.url, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").endswith(b"\r\n\r\nok")


def test_requests_that_do_not_wait_for_their_answers(proxy: Recorded, upstream: Upstream) -> None:
    """They are answered in their order; a refusal waits for its turn, and what comes behind it is discarded."""
    upstream.answer = lambda request: (
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b"
        % (
            len(_target(request)),
            _target(request),
        )
    )
    asked = b"".join(b"POST /%d HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi" % number for number in range(40))
    came = exchange(proxy.url, asked + b"GET / HTTP/1.1\r\n\r\nGET /late HTTP/1.1\r\nHost: a\r\n\r\n")
    assert re.findall(rb"/before/(\d+)", came) == [b"%d" % number for number in range(40)]
    assert came.count(b"HTTP/1.1 400") == 1
    assert b"late" not in came


def _target(request: Whole) -> bytes:
    assert isinstance(request.head, h11.Request)
    return request.head.target


def test_headers_about_a_connection_are_not_passed_on(proxy: Recorded, upstream: Upstream) -> None:
    """Those of the standard and those that Connection names, both ways; an offer of HTTP/2 is passed over."""
    upstream.answer = lambda request: (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive, X-Hop\r\nKeep-Alive: timeout=7\r\nX-Hop: 1\r\nX-End: 1"
        b"\r\nUpgrade: h2\r\n\r\nok"
    )
    with connect(proxy.url) as connection:
        connection.sendall(
            b"POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings, X-Mine\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n"
            b"X-Mine: 1\r\nTE: trailers, gzip\r\nContent-Length: 2\r\nX-End: 1\r\nX-Forwarded-For: 192.0.2.1\r\n\r\nhi"
            b"GET /second HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        )
        came = read_all(connection)
    first, second = upstream.requests[-2:]
    names = [name.lower() for name, _ in first.headers]
    assert {b"x-end", b"x-forwarded-for", b"te"} <= set(names)
    assert not {b"upgrade", b"http2-settings", b"x-mine"} & set(names)
    assert (b"TE", b"trailers") in first.headers
    assert _target(second) == b"/before/second"
    assert came.count(b"X-End: 1") == 2
    assert came.count(b"Keep-Alive: timeout=7") == 1
    assert b"X-Hop" not in came and b"Upgrade" not in came


def test_an_old_client_gets_no_chunks(proxy: Recorded, upstream: Upstream) -> None:
    """The body of an answer in chunks ends with the connection for HTTP/1.0."""
    upstream.answer = lambda request: (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    )
    came = exchange(proxy.url, b"GET / HTTP/1.0\r\n\r\n")
    assert came.endswith(b"\r\n\r\nabcde")
    assert b"chunked" not in came


def test_a_client_that_waits_for_100_continue(tmp_path: Path, fault_server: Callable[..., FaultServer]) -> None:
    """The upstream's own word is passed on, and only then the body is sent."""

    def serve(peer: Peer) -> None:
        head = peer.socket.recv(1 << 16)
        assert b"Expect: 100-continue" in head and b"hello" not in head
        peer.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")
        assert peer.socket.recv(1 << 16) == b"hello"
        peer.answer(b"done")

    with recorded(tmp_path / "runs", fault_server(serve).url) as proxy, connect(proxy.url) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        came = connection.recv(1 << 16)
        while b"100 Continue\r\n\r\n" not in came:
            came += connection.recv(1 << 16)
        connection.sendall(b"hello")
        while b"done" not in came:
            came += connection.recv(1 << 16)
    assert came.index(b"103 Early Hints\r\nLink: </a>") < came.index(b"100 Continue") < came.index(b"200 Said")


def test_an_upstream_that_does_not_answer_as_it_should(
    tmp_path: Path, fault_server: Callable[..., FaultServer]
) -> None:
    """502 and 504 say that they are the proxy's; a body that breaks off is broken off; a kept connection ends with the other."""

    def scripted(data: bytes) -> Callable[[Peer], None]:
        def serve(peer: Peer) -> None:
            peer.request()
            peer.send(data)

        return serve

    def second_is_dropped(peer: Peer) -> None:
        peer.request()
        peer.answer(b"first")
        peer.request()

    def silent(peer: Peer) -> None:
        peer.request()
        peer.request()

    server = fault_server(
        scripted(b""),
        scripted(b"\x00nothing of HTTP\r\n\r\n"),
        scripted(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
        scripted(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        scripted(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"),
        second_is_dropped,
        silent,
    )
    ask = b"POST /v1/streaming.new HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
    with recorded(tmp_path / "runs", server.url, "--timeout", "1s") as proxy:
        for _ in range(4):
            came = exchange(proxy.url, ask)
            assert came.startswith(b"HTTP/1.1 502 Bad Gateway\r\n"), came
            assert b'{"message": "streamsoak record: the upstream' in came
        half = exchange(proxy.url, ask)
        assert half.endswith(b"\r\n\r\nhalf")
        assert exchange(proxy.url, ask + ask).count(b"HTTP/1.1") == 1
        assert exchange(proxy.url, ask).startswith(b"HTTP/1.1 504 Gateway Timeout\r\n")
        server.close()
        came = exchange(proxy.url, ask)
        assert came.startswith(b"HTTP/1.1 502 ") and b"could not be reached" in came


def test_clients_that_hold_on_to_a_connection(tmp_path: Path, upstream: Upstream) -> None:
    """A head that comes byte by byte is given up, a body too; nobody else waits for them, and half a request goes nowhere."""
    upstream.answer = lambda request: b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    with recorded(tmp_path / "runs", upstream.url) as proxy:
        before = len(upstream.requests)
        slow = [connect(proxy.url) for _ in range(50)]
        for connection in slow:
            connection.sendall(b"GET / HTTP/1.1\r\nX")
        half = connect(proxy.url)
        half.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf")
        half.shutdown(socket.SHUT_WR)
        assert read_all(half) == b""
        began = time.monotonic()
        assert exchange(proxy.url, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").endswith(b"ok")
        assert len(upstream.requests) == before + 1
        for connection in slow:
            connection.sendall(b"-")
            assert read_all(connection).startswith(b"HTTP/1.1 408 ")
            connection.close()
        assert time.monotonic() - began < BOUND_SECONDS


def test_a_client_that_closes_its_own_end_is_still_answered(proxy: Recorded, upstream: Upstream) -> None:
    """As `nc` does, which sends all that it has to say."""
    upstream.answer = lambda request: b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    ask = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    assert exchange(proxy.url, ask, ends=True).endswith(b"\r\n\r\nok")


def test_a_client_that_leaves_ends_the_answer(tmp_path: Path, fault_server: Callable[..., FaultServer]) -> None:
    """The upstream does not go on for nobody."""

    def endless(peer: Peer) -> None:
        peer.request()
        peer.socket.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            peer.socket.sendall(b"4\r\nmore\r\n")
            time.sleep(0.01)

    server = fault_server(endless)
    with recorded(tmp_path / "runs", server.url) as proxy:
        with connect(proxy.url) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert b"more" in connection.recv(1 << 16) + connection.recv(1 << 16)
        assert server.closed.get(timeout=BOUND_SECONDS) == 1


def test_a_large_answer_to_a_slow_reader(tmp_path: Path, upstream: Upstream) -> None:
    """100 MB come whole, and the proxy does not hold them in its memory meanwhile."""
    size = 100_000_000
    piece = bytes(range(256)) * 4096
    upstream.answer = lambda request: b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + (piece * 96)[:size]
    with recorded(tmp_path / "runs", upstream.url) as proxy, connect(proxy.url) as connection:
        connection.sendall(b"GET /v1/streaming.list HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        first = connection.recv(1000)
        read, most = len(first), 0
        while more := connection.recv(1 << 20):
            read += len(more)
            most = max(most, _memory(proxy.process.pid))
        assert read == size + first.index(b"\r\n\r\n") + 4
        assert most < 200_000_000


def _memory(pid: int) -> int:
    pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * 4096


def test_the_certificate_of_the_upstream_is_verified(
    tmp_path: Path,
    fault_server: Callable[..., FaultServer],
    certificate: tuple[Path, Path],
    self_signed: ssl.SSLContext,
) -> None:
    """A certificate that nobody vouches for is refused; --ca-file names who does."""

    def serve(peer: Peer) -> None:
        while peer.request():
            peer.answer(b"secured")

    server = fault_server(serve, context=self_signed)
    url = server.url.replace("http", "https", 1)
    ask = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    with recorded(tmp_path / "a", url) as proxy:
        came = exchange(proxy.url, ask)
        assert came.startswith(b"HTTP/1.1 502 ") and b"certificate is not trusted" in came
    with recorded(tmp_path / "b", url, "--ca-file", str(certificate[0])) as proxy:
        assert exchange(proxy.url, ask).endswith(b"secured")
