"""What is measured against: the sandbox, nginx with a fixed answer, and an ASGI app that does nothing. Loopback alone."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from loadtests.sandbox.process import SandboxProcess

ANSWER = '{"code":100,"message":"success","data":{"session_id":"0123456789abcdef0123456789abcdef"}}'
_NGINX_STATUS = "/nginx-status"
"""Where nginx tells how many requests it has served."""
_START_SECONDS = 10.0

_NGINX = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log crit;
events {{ worker_connections 8192; }}
http {{
    access_log off; keepalive_requests 1000000000; keepalive_timeout 600s;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=4096 {tls};
        location = {status} {{ stub_status; }}
        location / {{ {location} }}
    }}
    {more}
}}
"""
_FIXED = "default_type application/json; return 200 '{answer}';"
_PROXIED = 'proxy_pass http://upstream; proxy_http_version 1.1; proxy_set_header Connection "";'
_UPSTREAM = "upstream upstream {{ server {address}; keepalive 64; keepalive_requests 1000000000; }}"

_BARE = """
import asyncio, socket, sys, uvicorn
BODY = sys.argv[1].encode()
HEAD = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))]
async def app(scope, receive, send):
    while (await receive()).get("more_body"): pass
    await send({"type": "http.response.start", "status": 200, "headers": HEAD})
    await send({"type": "http.response.body", "body": BODY})
config = uvicorn.Config(app, loop="uvloop", http="httptools", ws="none", lifespan="off", access_log=False, log_level="warning",
                        server_header=False, date_header=False, backlog=4096, timeout_keep_alive=600)
async def main():
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    print("listening on http://127.0.0.1:%d" % listener.getsockname()[1], flush=True)
    await uvicorn.Server(config).serve(sockets=[listener])
asyncio.run(main())
"""


class Server(NamedTuple):
    """One that is running."""

    url: str
    pid: int
    """Of the process that answers."""


@contextmanager
def sandbox(*options: str) -> Iterator[Server]:
    """The sandbox, without a limit."""
    process = SandboxProcess(options)
    try:
        yield Server(process.url, process.pid)
    finally:
        process.close()


@contextmanager
def bare_asgi() -> Iterator[Server]:
    """What serving costs without us: a bare app on the sandbox's own server."""
    process = subprocess.Popen([sys.executable, "-c", _BARE, ANSWER], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield Server(process.stdout.readline().removeprefix("listening on ").strip(), process.pid)
    finally:
        process.terminate()
        process.wait()


def nginx_path() -> str | None:
    """Where nginx is, if it is installed."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


@contextmanager
def nginx(certificate: Path | None = None) -> Iterator[Server]:
    """One worker that gives the same answer to everything. `certificate`: with its key, for TLS."""
    with _nginx(_FIXED.format(answer=ANSWER), certificate=certificate) as server:
        yield server


def served(server: Server) -> int:
    """Returns the requests that nginx has served, this one included (ngx_http_stub_status_module)."""
    with urllib.request.urlopen(server.url + _NGINX_STATUS, timeout=5) as answer:
        return int(answer.read().split(b"\n")[2].split()[2])


@contextmanager
def nginx_proxy(upstream: str) -> Iterator[Server]:
    """One worker that passes everything on, over connections that are kept."""
    with _nginx(_PROXIED, _UPSTREAM.format(address=upstream.removeprefix("http://"))) as server:
        yield server


@contextmanager
def _nginx(location: str, more: str = "", certificate: Path | None = None) -> Iterator[Server]:
    path = nginx_path()
    assert path is not None
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
        found.close()
        config = Path(folder) / "nginx.conf"
        settings = {"folder": folder, "port": port, "status": _NGINX_STATUS, "location": location, "more": more}
        config.write_text(_NGINX.format(**settings, tls=_tls(certificate)), encoding="utf-8")
        process = subprocess.Popen([path, "-c", str(config), "-p", folder], stderr=subprocess.DEVNULL)
        try:
            _await_listening(port)
            yield Server(f"{'https' if certificate else 'http'}://127.0.0.1:{port}", process.pid)
        finally:
            process.terminate()
            process.wait()


def _tls(certificate: Path | None) -> str:
    """Returns what makes nginx's `listen` one for TLS."""
    return f"ssl; ssl_certificate {certificate}; ssl_certificate_key {certificate}" if certificate else ""


def _await_listening(port: int) -> None:
    end = time.monotonic() + _START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)
        else:
            return
