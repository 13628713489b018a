"""`streamsoak record` as a process, raw connections to it, and an upstream that is read by another parser than ours (h11)."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import h11

from loadtests.processes.child import with_key

from .locust_run import ROOT

BOUND_SECONDS = 15.0


class Recorded:
    """A proxy that is running."""

    def __init__(self, runs: Path, upstream: str, *options: str, **environment: str) -> None:
        self.runs = runs
        self._errors = (runs.parent / f"{runs.name}-said.txt").open("w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "loadtests.cli", "record", "--upstream", upstream, "--listen", "127.0.0.1:0"),
                *("--run-dir", str(runs), *options),
            ],
            cwd=ROOT,
            env=with_key(**environment),
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().removeprefix("listening on ").strip()
        assert self.url, self.said

    @property
    def folder(self) -> Path:
        """The recording's directory."""
        (found,) = self.runs.glob("*-record")
        return found

    @property
    def said(self) -> str:
        """What it has written on standard error."""
        return Path(self._errors.name).read_text(encoding="utf-8")

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Ends it; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(BOUND_SECONDS)
        if self.process.stdout:
            self.process.stdout.close()
        self._errors.close()
        return code


@contextlib.contextmanager
def recorded(runs: Path, upstream: str, *options: str, **environment: str) -> Iterator[Recorded]:
    """A proxy before `upstream`, ended at last."""
    proxy = Recorded(runs, upstream, *options, **environment)
    try:
        yield proxy
    finally:
        proxy.end()


def connect(url: str) -> socket.socket:
    """A connection to it."""
    parts = urlsplit(url)
    connection = socket.create_connection((parts.hostname, parts.port), timeout=BOUND_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def read_all(connection: socket.socket) -> bytes:
    """Everything until the other end closes; what came by then if it resets the connection."""
    data = b""
    with contextlib.suppress(ConnectionError):
        while more := connection.recv(1 << 16):
            data += more
    return data


class Whole:
    """A message that an h11 parser has read: its head, body and trailers."""

    def __init__(self, head: h11.Request | h11.Response, body: bytes, trailers: list[tuple[bytes, bytes]]) -> None:
        self.head = head
        self.body = body
        self.trailers = trailers

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """Names as they were written, and values."""
        return list(self.head.headers.raw_items())


def read_message(parser: h11.Connection, connection: socket.socket) -> Whole | None:
    """The next message; None: the other end has closed."""
    head, body, trailers = None, b"", []
    while True:
        event = parser.next_event()
        if event is h11.NEED_DATA:
            parser.receive_data(connection.recv(1 << 16))
        elif isinstance(event, h11.Request | h11.Response):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage):
            trailers = list(event.headers.raw_items()) if event.headers else []
            assert head is not None
            return Whole(head, body, trailers)
        elif isinstance(event, h11.ConnectionClosed) or event is h11.PAUSED:
            return None


class Upstream:
    """A server that reads each request with h11 and answers with the bytes that `answer` gives for it."""

    def __init__(self, answer: Callable[[Whole], bytes]) -> None:
        self.answer = answer
        self.requests: list[Whole] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Ends it."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(BOUND_SECONDS)
        with connection, contextlib.suppress(OSError, h11.RemoteProtocolError):
            # One message for each parser: an answer is raw bytes, of which h11 learns nothing.
            while (request := read_message(h11.Connection(h11.SERVER), connection)) is not None:
                self.requests.append(request)
                answered = self.answer(request)
                connection.sendall(answered)
                if b"\r\nconnection: close" in answered.lower().partition(b"\r\n\r\n")[0]:
                    return


def stored(folder: Path) -> bytes:
    """Every byte below a directory."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def kill(process: subprocess.Popen[str]) -> None:
    """SIGKILL."""
    os.kill(process.pid, signal.SIGKILL)
    process.wait(BOUND_SECONDS)
