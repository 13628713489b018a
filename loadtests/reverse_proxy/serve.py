"""The proxy's process: listens, passes requests on, and records them until it is interrupted."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import resource
import signal
import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import uvloop

from loadtests.http.certificates import client_context
from loadtests.http.origin import Origin
from loadtests.model.api.description.description import ApiDescription
from loadtests.model.api.routing import Routes
from loadtests.model.run.manifest import Manifest
from loadtests.model.text.input_error import EXIT_UNAVAILABLE, InputError
from loadtests.recording.run_directory import new_folder, software_versions, write_manifest
from loadtests.reverse_proxy.bounds import Bounds
from loadtests.reverse_proxy.client import ClientConnection
from loadtests.reverse_proxy.context import Context
from loadtests.reverse_proxy.rotation import Rotation
from loadtests.reverse_proxy.writer import Writer

_LOOK_SECONDS = 0.25
"""Between two looks for connections that are past their deadline."""
_SWITCH_SECONDS = 0.0002
"""The longest that the thread which writes the log keeps the proxy from its turn (Python's default: 5 ms)."""
_END_SECONDS = 5.0
"""For requests that are under way when the proxy is ended."""
_TOLERANCE_SECONDS = 1.0

Output = Callable[[str], None]


@dataclass(frozen=True)
class Proxying:
    """Where and how the proxy serves."""

    upstream: Origin
    host: str
    port: int
    api: ApiDescription
    limit: int | None
    """The account's limit, for the report."""
    runs: Path
    """Parent of the recording's directory."""
    rotation: Rotation
    bounds: Bounds
    ca_file: Path | None = None


@dataclass(frozen=True)
class Proxied:
    """What came of it."""

    folder: Path
    rows: int
    lost: int


def serve(proxying: Proxying, output: Output) -> Proxied:
    """Serves until interrupted; tells `output` the address when it is ready. Raises InputError."""
    tls = _tls(proxying)
    listener = _listen(proxying.host, proxying.port)
    try:
        folder = new_folder(proxying.runs, "record")
        zero = time.monotonic()
        manifest = _manifest(proxying, folder)
        write_manifest(folder, manifest)
        writer = Writer(folder, proxying.api, zero, proxying.rotation)
        address = f"{_bracketed(proxying.host)}:{listener.getsockname()[1]}"
        with _unhurried_threads(), uvloop_runner() as runner:
            writer.start()
            try:
                runner.run(
                    _serve(proxying, tls, listener, writer, lambda: _say_ready(proxying, address, folder, output))
                )
            finally:
                writer.stop()
                _write_end(folder, manifest, zero, writer)
    finally:
        listener.close()
    return Proxied(folder, writer.written, writer.lost)


def uvloop_runner() -> asyncio.Runner:
    """Returns a runner of uvloop's event loop."""
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)


async def _serve(
    proxying: Proxying,
    tls: ssl.SSLContext | None,
    listener: socket.socket,
    writer: Writer,
    ready: Callable[[], None],
) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    context = Context(proxying.upstream, tls, proxying.bounds, Routes(proxying.api), writer.put, loop)
    server = await loop.create_server(lambda: ClientConnection(context), sock=listener, backlog=4096)
    looking = loop.create_task(_look(context))
    ready()
    await ended.wait()
    server.close()
    until = time.monotonic() + _END_SECONDS
    while any(connection.is_busy for connection in context.connections) and time.monotonic() < until:
        await asyncio.sleep(_LOOK_SECONDS)
    looking.cancel()
    for connection in list(context.connections):
        connection.cut()


async def _look(context: Context) -> None:
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        context.expire(time.monotonic())


def _say_ready(proxying: Proxying, address: str, folder: Path, output: Output) -> None:
    print(f"listening on http://{address}", flush=True)
    output(f"Passing requests on to {proxying.upstream.url}; recording into {folder}.")
    output(f"Ctrl-C ends it. A report at any time: streamsoak report {folder}")
    if not _is_loopback(proxying.host):
        output(
            "Warning: other machines can reach this address, and requests to it are not encrypted: their keys can be read on the"
            " way. Put it behind what ends TLS, or listen on 127.0.0.1."
        )


def _write_end(folder: Path, manifest: Manifest, zero: float, writer: Writer) -> None:
    now = time.monotonic() - zero
    done = {"load_ended": now, "ended": now, "end_reason": "the proxy was ended", "lost_events": writer.lost}
    try:
        write_manifest(folder, manifest.model_copy(update={**done, "defects": writer.errors.total()}))
    except OSError as error:
        print(f"{folder}: the end of the recording could not be written: {error.strerror}", file=sys.stderr)


def _manifest(proxying: Proxying, folder: Path) -> Manifest:
    return Manifest(
        run=folder.name,
        host=proxying.upstream.url,
        sandbox=False,
        recording=True,
        started_unix=time.time(),
        seed=0,
        limit=proxying.limit,
        observe=0.0,
        poll=0.0,
        tolerance=_TOLERANCE_SECONDS,
        people={},
        api=proxying.api,
        scenario=None,
        software=software_versions(),
    )


def _tls(proxying: Proxying) -> ssl.SSLContext | None:
    if proxying.upstream.scheme != "https":
        return None
    context: ssl.SSLContext = client_context(ssl.create_default_context, proxying.ca_file)
    context.set_alpn_protocols(["http/1.1"])
    return context


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        raise InputError.of(
            "--listen", f"cannot listen on {_bracketed(host)}:{port}: {error.strerror}", code=EXIT_UNAVAILABLE
        ) from None
    _raise_file_limit()
    return listener


def _raise_file_limit() -> None:
    """A client takes two files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextlib.contextmanager
def _unhurried_threads() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
