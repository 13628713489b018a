"""What the integration tests share: the real sandbox, a small JSON client, and servers that misbehave on purpose."""

from __future__ import annotations

import contextlib
import queue
import re
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests

from loadtests.sandbox.process import SandboxProcess

from .audits import audit as audit
from .locust_run import SCENARIOS, Finished, run_locust, shared_run

BOUND_SECONDS = 15.0
"""No wait of a test's own is longer."""


class Said(NamedTuple):
    """An answer as a client reads it."""

    status: int
    body: Any


class Client:
    """A small client of the API; `key` goes as a Bearer token."""

    def __init__(self, url: str, key: str = "any") -> None:
        self.url = url
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.headers["Authorization"] = f"Bearer {key}"

    def post(self, call: str, **body: Any) -> Said:
        """POST to /v1/streaming.`call`."""
        return self.send("POST", f"/v1/streaming.{call}", json=body)

    def get(self, path: str, **query: Any) -> Said:
        """GET `path`."""
        return self.send("GET", path, params=query)

    def send(self, method: str, path: str, **options: Any) -> Said:
        """Any request."""
        response = self.http.request(method, self.url + path, timeout=BOUND_SECONDS, **options)
        assert response.headers["content-type"] == "application/json"
        return Said(response.status_code, response.json())

    def open(self, **body: Any) -> str:
        """Open a session; its id."""
        said = self.post("new", **body)
        assert said.status == 200, said
        return str(said.body["data"]["session_id"])

    def listed(self) -> dict[str, dict[str, Any]]:
        """The rows of the list, by session id."""
        rows = self.get("/v1/streaming.list").body["data"]["sessions"]
        return {row["session_id"]: row for row in rows}


class Peer:
    """The server's end of one connection."""

    def __init__(self, connection: socket.socket, server: FaultServer) -> None:
        self.socket = connection
        self._server = server
        self._rest = b""

    def request(self) -> bytes:
        """Read one whole request and remember it; b"" when the client has gone, and what came by then is remembered."""
        data, self._rest = self._rest, b""
        while not (whole := _length(data)) or len(data) < whole:
            try:
                more = self.socket.recv(1 << 16)
            except ConnectionResetError:
                more = b""
            if not more:
                self._server.partial.put(data)
                return b""
            data += more
        self._rest = data[whole:]
        self._server.requests.append(data[:whole])
        return data[:whole]

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(data)

    def answer(self, body: bytes = b'{"code":100}', status: int = 200, *headers: str) -> None:
        """Send an answer that is right."""
        self.send(answer(body, status, *headers))


def answer(body: bytes = b'{"code":100}', status: int = 200, *headers: str) -> bytes:
    """The bytes of an answer with a length."""
    lines = (f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", *headers, "", "")
    return "\r\n".join(lines).encode() + body


def _length(data: bytes) -> int:
    head, blank, _ = data.partition(b"\r\n\r\n")
    if not blank:
        return 0
    told = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return len(head) + 4 + (int(told[1]) if told else 0)


Script = Callable[[Peer], None]


class FaultServer:
    """A server on this machine: each connection is served by the next of `scripts`, the last one from then on.

    A connection is closed when its script returns. Each read is bounded in time.
    """

    def __init__(self, *scripts: Script, context: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self._scripts = scripts
        self._context = context
        self.requests: list[bytes] = []
        """Every request that was read whole."""
        self.partial: queue.Queue[bytes] = queue.Queue()
        """What was read of a request by the time the client had gone; b"" if it went between two."""
        self.connections = 0
        self.closed: queue.Queue[int] = queue.Queue()
        """Numbers of connections that the server has closed."""
        self.defects: list[BaseException] = []
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family, backlog=1024)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def close(self) -> None:
        """End it; raises what a script raised."""
        if self._listener.fileno() < 0:
            return
        self._listener.shutdown(socket.SHUT_RDWR)
        self._accepting.join(BOUND_SECONDS)
        self._listener.close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(BOUND_SECONDS)
        assert not self.defects, self.defects

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(BOUND_SECONDS)
            self.connections += 1
            self._open.add(connection)
            thread = threading.Thread(target=self._serve, args=(connection, self.connections), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        script = self._scripts[min(number, len(self._scripts)) - 1]
        try:
            with self._secured(connection) as secured:
                script(Peer(secured, self))
        except (ssl.SSLError, TimeoutError, ConnectionError):
            pass  # the client refused us, or has gone
        except BaseException as error:  # noqa: BLE001 - told by `close`, in the test's own thread
            self.defects.append(error)
        finally:
            self._open.discard(connection)
            connection.close()
            self.closed.put(number)

    def _secured(self, connection: socket.socket) -> socket.socket:
        if self._context is None:
            return connection
        secured = self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        try:
            secured.do_handshake()
        except ssl.SSLError:
            # Read on until the client has gone: else the system resets the connection, and our alert may be lost.
            with socket.socket(fileno=secured.detach()) as plain:
                plain.settimeout(BOUND_SECONDS)
                while plain.recv(1 << 12):
                    pass
            raise
        return secured


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own key is no part of any test."""
    monkeypatch.delenv("KONPRO_API_KEY", raising=False)


@pytest.fixture
def sandbox() -> Iterator[Callable[..., SandboxProcess]]:
    """Starts real sandboxes: `sandbox("--limit", "2")`."""
    with contextlib.ExitStack() as stack:

        def start(*options: str) -> SandboxProcess:
            process = SandboxProcess(options)
            stack.callback(process.close)
            return process

        yield start


@pytest.fixture
def client() -> Iterator[Callable[..., Client]]:
    """Makes JSON clients: `client(url, key="K")`."""
    with contextlib.ExitStack() as stack:

        def make(url: str, key: str = "any") -> Client:
            made = Client(url, key)
            stack.callback(made.http.close)
            return made

        yield make


@pytest.fixture
def fault_server() -> Iterator[Callable[..., FaultServer]]:
    """Starts servers that do what their scripts say: `fault_server(first_connection, other_connections)`."""
    with contextlib.ExitStack() as stack:

        def start(*scripts: Script, **options: Any) -> FaultServer:
            server = FaultServer(*scripts, **options)
            stack.callback(server.close)
            return server

        yield start


@pytest.fixture
def polite() -> Script:
    """Answers each request with `{"code":100}` until the client goes."""

    def serve(peer: Peer) -> None:
        while peer.request():
            peer.answer()

    return serve


@pytest.fixture(scope="session")
def every_way(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A run of one process with every way of leaving, shared by all tests that only read it."""
    return shared_run(
        tmp_path_factory, "every-way", lambda folder: run_locust(folder, str(SCENARIOS / "every-way.toml"))
    )


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1"
    subprocess.run(
        [*command.split(), "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)],
        check=True,
        capture_output=True,
        timeout=BOUND_SECONDS,
    )
    return cert, key


@pytest.fixture(scope="session")
def self_signed(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    """A server's TLS context with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context
