"""The proxy of `streamsoak audit --intercept`, as real clients use it and as hostile ones do."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from loadtests.http.origin import Origin
from loadtests.interception.access import Seen
from loadtests.interception.authority import Authority
from loadtests.interception.policy import Policy
from loadtests.interception.process import InterceptionProcess
from loadtests.interception.proxy import Proxy
from loadtests.interception.target import Target
from loadtests.sandbox.process import SandboxProcess

from .conftest import FaultServer, Peer
from .crew import wait_for
from .locust_run import ROOT

BOUND_SECONDS = 120.0
_CLIENTS = ROOT / "tests" / "clients"
_API = "api.konpro.ai"
_KEY = "key-in-the-code"
_AUDIT = [sys.executable, "-m", "loadtests.cli", "audit", "--intercept", "--quick"]

Audit = Callable[..., tuple[subprocess.CompletedProcess[str], Path]]


@pytest.fixture
def audit(tmp_path: Path) -> Audit:
    """Runs an audit with --intercept; returns what it said and its directory."""

    def run(command: list[str], *options: str, **variables: str) -> tuple[subprocess.CompletedProcess[str], Path]:
        done = subprocess.run(
            [*_AUDIT, f"--run-dir={tmp_path / 'runs'}", *options, "--", *command],
            capture_output=True,
            text=True,
            timeout=BOUND_SECONDS,
            check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
            cwd=tmp_path,
        )
        (folder,) = (tmp_path / "runs").iterdir()
        return done, folder

    return run


def test_programs_in_python_and_curl(audit: Audit, tmp_path: Path) -> None:
    """Address and key are in the code. Of both authority and key nothing is left, and the manifest says what was done."""
    libraries = ["urllib", "requests", "httpx", "aiohttp", "curl"]
    # A proxy and certificates of the user's: neither is used for the API.
    other = {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": _API, "KONPRO_API_KEY": "the-users-own-key"}
    other["TMPDIR"] = str(tmp_path)
    done, folder = audit([sys.executable, str(_CLIENTS / "fixed_address.py"), *libraries], **other)
    assert done.returncode == 0, done.stdout + done.stderr
    for library in libraries:
        assert f"{library} success" in done.stdout
    assert "closed 5 of 5 sessions" in done.stdout
    assert f"answers for {_API}" in done.stderr
    assert json.loads((folder / "manifest.json").read_text())["intercepted"] == f"https://{_API}"
    assert [path.name for path in tmp_path.iterdir()] == ["runs"], "the folder of certificates is gone"
    for file in folder.iterdir():
        assert not any(key in file.read_bytes() for key in (_KEY.encode(), b"the-users-own-key"))


def test_programs_in_node(audit: Audit) -> None:
    """fetch, which in Node 20 knows no proxies, and an agent; the other host is refused and named."""
    node = shutil.which("node")
    if not node:
        pytest.skip("NO NODE: install Node 20 or newer to run the tests of clients in Node")
    done, _ = audit([node, str(_CLIENTS / "fixed_address.mjs")])
    assert done.returncode == 0, done.stdout + done.stderr
    for line in ("fetch success", "agent success", "telemetry was refused"):
        assert line in done.stdout
    assert "1 telemetry.example" in done.stderr
    assert "--allow-host" in done.stderr


def test_a_page_in_a_browser(audit: Audit, chromium: str) -> None:
    """One tab is hidden and closes its session when it is shown again, one is reloaded twice, one is closed."""
    done, folder = audit([sys.executable, str(_CLIENTS / "fixed_address_page.py"), chromium])
    assert done.returncode == 1, done.stdout + done.stderr
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    hidden, reloaded, again, stopped, closed = summary["audit"]["sessions"]
    assert [session["closed_by"] for session in (hidden, stopped)] == ["client", "client"], done.stdout
    assert hidden["keep_alives"] >= 2
    for session in (reloaded, again, closed):
        assert session["closed_by"] != "client", done.stdout


def test_a_proxy_of_the_users_does_not_hide_the_sandbox(tmp_path: Path) -> None:
    """Without --intercept: a program that heeds HTTP_PROXY reaches the sandbox all the same."""
    program = (
        "import os, requests\n"
        "call = lambda name, **body: requests.post(os.environ['KONPRO_BASE_URL'] + '/v1/streaming.' + name, json=body,"
        " headers={'x-api-key': os.environ['KONPRO_API_KEY']}).json()['data']\n"
        "call('stop', session_id=call('new')['session_id'])\n"
        "print(os.environ['no_proxy'])"
    )
    command = [sys.executable, "-m", "loadtests.cli", "audit", "--quick", f"--run-dir={tmp_path}", "--"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "db.internal"}
    done = subprocess.run(
        [*command, sys.executable, "-c", program], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "db.internal,127.0.0.1" in done.stdout


def test_a_program_that_goes_past_the_proxy_is_told(audit: Audit) -> None:
    """And Chromium's flags are printed, and in the program's environment."""
    program = "import os; print('ARGS', os.environ['STREAMSOAK_BROWSER_ARGS'])"
    done, _ = audit([sys.executable, "-c", program], "--browser-args")
    assert done.returncode == 2
    assert f"No request for {_API} came through the proxy" in done.stderr
    assert f"no call to https://{_API} came through the proxy" in done.stdout
    flags = done.stdout.split("ARGS ")[1].splitlines()[0]
    assert flags.startswith("--proxy-server=http://127.0.0.1:")
    assert flags in done.stderr


@pytest.mark.faults
def test_the_proxy_ends_with_a_killed_audit(tmp_path: Path) -> None:
    """SIGKILL: its process ends, and its folder of certificates is removed."""
    program = "import time; print('ready', flush=True); time.sleep(60)"
    command = [*_AUDIT, f"--run-dir={tmp_path / 'runs'}", "--", sys.executable, "-c", program]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=tmp_path) as process:
        assert process.stdout is not None
        assert any(line == "ready\n" for line in process.stdout)
        children = psutil.Process(process.pid).children()
        servers = [child for child in children if "interception" in " ".join(child.cmdline())]
        (certificates,) = tmp_path.glob("streamsoak-audit-*")
        assert certificates.stat().st_mode & 0o077 == 0
        process.send_signal(signal.SIGKILL)
        try:
            _, alive = psutil.wait_procs(servers, timeout=BOUND_SECONDS)
            assert (len(servers), alive) == (1, [])
            assert not certificates.exists()
        finally:
            for child in children:
                with contextlib.suppress(psutil.NoSuchProcess):
                    child.kill()


class Interception:
    """A proxy, and connections to it by hand."""

    def __init__(self, proxy: InterceptionProcess) -> None:
        self.proxy = proxy
        self._port = int(proxy.access.proxy.rpartition(":")[2])

    def connect(self, port: int | None = None) -> socket.socket:
        """Returns a connection to the proxy."""
        return socket.create_connection(("127.0.0.1", port or self._port), timeout=BOUND_SECONDS)

    def ask(self, data: bytes) -> bytes:
        """Returns all that the proxy answers to `data`, until it closes the connection."""
        with self.connect() as connection:
            connection.sendall(data)
            return _all(connection)

    def tunnel(self, authority: str = f"{_API}:443", *, name: str = _API) -> ssl.SSLSocket:
        """Returns a connection to the API through CONNECT, its certificate verified."""
        connection = self.connect()
        connection.sendall(f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
        return self.trusting().wrap_socket(connection, server_hostname=name)

    def trusting(self) -> ssl.SSLContext:
        """What a program trusts that is given the proxy's certificates alone."""
        return ssl.create_default_context(cafile=self.proxy.access.adding)


def _all(connection: socket.socket) -> bytes:
    data = b""
    with contextlib.suppress(ConnectionResetError, ssl.SSLEOFError):
        while part := connection.recv(65536):
            data += part
    return data


@pytest.fixture(scope="module")
def intercepted() -> Iterator[Interception]:
    """For all tests by hand; localhost is allowed."""
    sandbox = SandboxProcess()
    with contextlib.closing(sandbox):
        proxy = InterceptionProcess(Policy(Origin.parse(f"https://{_API}"), ("localhost",)), sandbox.url)
        with contextlib.closing(proxy):
            yield Interception(proxy)


def _request(target: str, *headers: str, method: str = "GET", host: str = _API, body: bytes = b"") -> bytes:
    lines = (f"{method} {target} HTTP/1.1", f"Host: {host}", "Authorization: Bearer any", *headers, "", "")
    return "\r\n".join(lines).encode() + body


_LIST = "/v1/streaming.list"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_request_with_a_whole_url(intercepted: Interception, scheme: str) -> None:
    """As some libraries send it to a proxy even for https. The key of the proxy is not passed on; one request a connection."""
    one = _request(f"{scheme}://{_API}{_LIST}", "Proxy-Authorization: Basic eDp5", "Proxy-Connection: keep-alive")
    answer = intercepted.ask(one + one)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.count(b"HTTP/1.1") == 1
    assert b"connection: close" in answer.lower()


def test_a_client_that_speaks_an_older_version(intercepted: Interception) -> None:
    """HTTP/1.0, without a Host header: the connection is closed after the answer."""
    old = f"GET https://{_API}{_LIST} HTTP/1.0\r\nAuthorization: Bearer any\r\n\r\n".encode()
    assert intercepted.ask(old).startswith(b"HTTP/1.1 200 ")


def test_many_requests_on_one_connection(intercepted: Interception) -> None:
    """Through CONNECT, with and without TLS, and sent before the answer to the one before has come."""
    with intercepted.tunnel() as secure:
        secure.sendall(_request(_LIST) + _request(_LIST) + _request(_LIST, "Connection: close"))
        assert _all(secure).count(b"HTTP/1.1 200 ") == 3
    with intercepted.connect() as plain:
        plain.sendall(_CONNECT.replace(b":443", b":80"))
        assert plain.recv(100).startswith(b"HTTP/1.1 200 ")
        plain.sendall(_request(f"http://{_API}{_LIST}", "Connection: close"))
        assert _all(plain).startswith(b"HTTP/1.1 200 ")


def test_a_connection_that_was_meant_for_the_api_itself(intercepted: Interception) -> None:
    """TLS without CONNECT, as preload.cjs makes them: the API's name is answered, any other refused and counted."""
    port = intercepted.proxy.access.tls_port
    with intercepted.trusting().wrap_socket(intercepted.connect(port), server_hostname=_API) as connection:
        assert connection.version() == "TLSv1.3"
        connection.sendall(_request(_LIST, "Connection: close"))
        assert _all(connection).startswith(b"HTTP/1.1 200 ")
    with pytest.raises(OSError, match=r"(?i)unrecognized|eof|reset"):
        intercepted.trusting().wrap_socket(intercepted.connect(port), server_hostname="metrics.example")
    assert intercepted.proxy.seen().hosts["metrics.example"] == 1


def test_a_client_that_does_not_trust_is_counted(intercepted: Interception) -> None:
    """One with certificates of its own."""
    before = intercepted.proxy.seen().untrusted
    connection = intercepted.connect()
    connection.sendall(_CONNECT)
    connection.recv(100)
    with pytest.raises(ssl.SSLCertVerificationError):
        ssl.create_default_context().wrap_socket(connection, server_hostname=_API)
    intercepted.ask(b"-\r\n\r\n")
    assert intercepted.proxy.seen().untrusted == before + 1


_CONNECT = f"CONNECT {_API}:443 HTTP/1.1\r\nHost: {_API}\r\n\r\n".encode()
_REFUSED = {
    "host": (b"CONNECT shop.example:443 HTTP/1.1\r\nHost: shop.example\r\n\r\n", 403, b"--allow-host shop.example"),
    "host-of-a-url": (_request("http://shop.example/"), 403, b"--allow-host shop.example"),
    "proxy-itself": (_request("/", host="127.0.0.1"), 403, b"127.0.0.1 is not the API's host"),
    "port": (_CONNECT.replace(b":443", b":22"), 403, b"port 22"),
    "no-host": (b"CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", 400, b"the host is not valid"),
    "early-data": (_CONNECT + b"GET / HTTP/1.1\r\n", 400, b"data before"),
    "two-lengths": (_request(_LIST, "Content-Length: 3", "Content-Length: 4", body=b"abcd"), 400, b"Content-Length"),
    "length-and-chunks": (_request(_LIST, "Content-Length: 3", "Transfer-Encoding: chunked"), 400, b"both"),
    "long-head": (_request(_LIST, f"Cookie: {'x' * 70_000}"), 431, b"too long"),
    "long-body": (_request(_LIST, f"Content-Length: {100 << 20}", method="POST"), 413, b"more than 2 MB"),
    "nobody-there": (_request("http://localhost:1/"), 502, b"localhost cannot be reached"),
    "tls": (b"\x16\x03\x01\x02\x00\x01\x00\x01", 400, b"illegal request line"),
    "http-2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, b"HTTP/1.1"),
}


@pytest.mark.parametrize(("data", "status", "says"), _REFUSED.values(), ids=_REFUSED)
@pytest.mark.faults
def test_what_is_refused(intercepted: Interception, data: bytes, status: int, says: bytes) -> None:
    """With a status, and a sentence that says why; the next request is answered as if nothing had been."""
    answer = intercepted.ask(data)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode()), answer
    assert says in answer
    assert intercepted.ask(_request(f"http://{_API}{_LIST}")).startswith(b"HTTP/1.1 200 ")


@pytest.mark.faults
def test_what_is_refused_within_a_tunnel(intercepted: Interception) -> None:
    """Requests for another host, two lengths, and bodies of 100 MB that come without a length."""
    for bad, status in (
        (_request("http://shop.example/"), b"421"),
        (_request(_LIST, host="shop.example"), b"421"),
        (_request(_LIST, "Content-Length: 1", "Content-Length: 2", body=b"xy"), b"400"),
    ):
        with intercepted.tunnel() as connection:
            connection.sendall(_request(_LIST))
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
            connection.sendall(bad)
            assert connection.recv(65536).startswith(b"HTTP/1.1 " + status)
    chunk = b"100000\r\n" + b"x" * (1 << 20) + b"\r\n"
    with intercepted.tunnel() as connection:
        with contextlib.suppress(OSError):
            connection.sendall(_request(_LIST, "Transfer-Encoding: chunked", method="POST"))
            for _ in range(100):
                connection.sendall(chunk)
        assert b"HTTP/1.1 2" not in _all(connection)
    assert intercepted.proxy.seen().mistakes["a body of more than 2 MB"] >= 1


@pytest.mark.faults
def test_half_requests_and_lost_clients_leave_nothing_behind(intercepted: Interception) -> None:
    """Clients that go in the middle of CONNECT, of TLS or of a request hold no connection."""
    for data in (b"", b"CONN", b"GET / HTTP/1.1\r\nHost: a\r\n", _request(_LIST, "Content-Length: 9", body=b"x")):
        intercepted.connect().close()
        with intercepted.connect() as connection:
            connection.sendall(data)
    with intercepted.connect() as connection:
        connection.sendall(_CONNECT)
        assert connection.recv(100)
        connection.sendall(b"\x16\x03\x01\x02\x00")
    assert intercepted.ask(_request(f"http://{_API}{_LIST}")).startswith(b"HTTP/1.1 200 ")
    proxy = psutil.Process(intercepted.proxy.pid)
    wait_for(
        lambda: [each for each in proxy.net_connections() if each.status != psutil.CONN_LISTEN] == [], "no connection"
    )


def test_a_host_that_is_allowed_is_passed_on(
    intercepted: Interception, fault_server: Callable[..., FaultServer]
) -> None:
    """In a tunnel, whose bytes the proxy does not read, and as a request, with the path alone."""

    def serve(peer: Peer) -> None:
        peer.request()
        peer.answer()

    server = fault_server(serve)
    authority = server.url.removeprefix("http://").replace("127.0.0.1", "localhost")
    hop = ("Connection: keep-alive, X-Hop", "X-Hop: hop", "Proxy-Authorization: Basic hop", "Keep-Alive: hop")
    answer = intercepted.ask(_request(f"http://{authority}/some?thing", *hop, "X-End: end", host="other.example"))
    assert answer.startswith(b"HTTP/1.1 200 "), answer
    assert b"hop" not in server.requests[0].lower() and b"X-End: end" in server.requests[0]
    assert f"Host: {authority}\r\n".encode() in server.requests[0]
    with intercepted.connect() as connection:
        connection.sendall(f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
        connection.sendall(b"GET /by-tunnel HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b'{"code":100}' in connection.recv(1000)
    assert [request.split(b" ")[1] for request in server.requests] == [b"/some?thing", b"/by-tunnel"]


def test_an_allowed_host_behind_a_proxy_of_the_users(
    fault_server: Callable[..., FaultServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user's own proxy is asked for a tunnel; if it refuses, so does ours."""

    def serve(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
        peer.request()
        peer.answer()

    def refuse(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")

    server = fault_server(serve, refuse)
    monkeypatch.setenv("HTTP_PROXY", server.url.replace("//", "//user:pass@"))
    proxy = InterceptionProcess(Policy(Origin.parse(f"https://{_API}"), ("*.example",)), "http://127.0.0.1:9")
    with contextlib.closing(proxy):
        by_hand = Interception(proxy)
        answer, refused = (by_hand.ask(_request("http://shop.example/x", host="shop.example")) for _ in range(2))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert refused.startswith(b"HTTP/1.1 502 ") and b"407" in refused
    connect, request, _ = server.requests
    assert connect.startswith(b"CONNECT shop.example:80 ") and b"Proxy-Authorization: Basic dXNlcjpwYXNz" in connect
    assert request.startswith(b"GET /x ") and b"Proxy-Authorization" not in request


def _proxy(folder: Path, most_connections: int = 10) -> Proxy:
    """A proxy in this process, before nothing."""
    named, unnamed = (Authority().server_context(_API, str(folder)) for _ in range(2))
    policy = Policy(Origin.parse(f"https://{_API}"))
    return Proxy(policy, Target("127.0.0.1", 9), named, unnamed, Seen(), most_connections)


@pytest.mark.faults
def test_a_handshake_that_never_ends(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The connection is cut, after CONNECT as well as without."""
    monkeypatch.setattr("loadtests.interception.client.HANDSHAKE_SECONDS", 0.1)

    async def check() -> None:
        proxy = _proxy(tmp_path)
        for accept, data in ((proxy.accept, _CONNECT), (proxy.accept_tls, b"")):
            server = await asyncio.start_server(accept, "127.0.0.1", 0)
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(data)
            if data:
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
            writer.write(b"\x16\x03\x01")
            assert await reader.read() == b""
            writer.close()
            server.close()

    asyncio.run(asyncio.wait_for(check(), BOUND_SECONDS))


@pytest.mark.faults
def test_too_many_connections(tmp_path: Path) -> None:
    """One more than the bound is refused, and taken once another has ended."""

    async def check() -> None:
        proxy = _proxy(tmp_path, most_connections=2)
        server = await asyncio.start_server(proxy.accept, "127.0.0.1", 0)
        address = server.sockets[0].getsockname()
        first, second, third = [await asyncio.open_connection(*address) for _ in range(3)]
        assert (await third[0].read()).startswith(b"HTTP/1.1 503 ")
        second[1].write(b"CONNECT shop.example:443 HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await second[0].read()).startswith(b"HTTP/1.1 403 ")
        for _, writer in (first, second, third):
            writer.close()
        server.close()

    asyncio.run(asyncio.wait_for(check(), BOUND_SECONDS))


_USERS_TESTS = """
import os, pytest, requests, ssl
from http.client import HTTPSConnection

def post(call, **body):
    url = f"https://api.konpro.ai/v1/streaming.{call}"
    return requests.post(url, json=body, headers={"x-api-key": "key-in-the-code"}).json()["data"]

@pytest.mark.session_audit(intercept=True)
def test_clean(session_audit):
    post("stop", session_id=post("new")["session_id"])

@pytest.mark.session_audit(intercept=True)
def test_without_a_proxy(session_audit):
    http = HTTPSConnection("api.konpro.ai", context=ssl.create_default_context())
    http.request("GET", "/v1/streaming.list", headers={"x-api-key": "key-in-the-code"})
    assert http.getresponse().status == 200

@pytest.mark.session_audit(intercept=True)
def test_leaky(session_audit):
    print("LEFT", post("new")["session_id"])

def test_the_variables_are_those_of_one_test():
    assert "HTTPS_PROXY" not in os.environ

@pytest.mark.session_audit(intercept=True, allow_hosts=["no host"])
def test_of_a_mistake(session_audit):
    pass
"""


def test_the_fixture_intercepts(tmp_path: Path) -> None:
    """`session_audit(intercept=True)`: in the process of the tests, for one test each."""
    (tmp_path / "test_users.py").write_text(_USERS_TESTS)
    plugins = ["-p", "loadtests.audit.pytest_plugin", "-p", "no:cacheprovider"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, "-s", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        cwd=tmp_path,
        timeout=BOUND_SECONDS,
    )
    assert "1 failed, 3 passed, 1 error" in done.stdout, done.stdout + done.stderr
    left = done.stdout.split("LEFT ")[1].split()[0].rstrip("F")
    assert f"sessions left open (no streaming.stop): {left}" in done.stdout
    assert "must be a host such as" in done.stdout
