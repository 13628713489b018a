"""What a request costs the generator: streamsoak, FastHttpUser and HttpUser, as real Locust processes against one server.

CPU time is each process's own accounting, in windows of a second; ours has its event log, ledger and Locust's statistics on. The
floor is a gevent socket and a parser in a loop, which decides nothing and records nothing.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager

import msgspec

from .locusts import GENERATORS, locust
from .measurement import Budget, Measurement
from .servers import Server, nginx, nginx_path, sandbox

_PERSONS = 32
_BOUND_SECONDS = 180.0

_FLOOR = """
import json, sys, time, gevent, httptools
from gevent import socket
host, port, windows = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
body = b'{"session_id":"0123456789abcdef0123456789abcdef"}'
request = (b"POST /v1/streaming.keep_alive HTTP/1.1\\r\\nHost: bench\\r\\nAuthorization: Bearer bench\\r\\n"
           b"Content-Type: application/json\\r\\nContent-Length: %d\\r\\n\\r\\n%b" % (len(body), body))
done = 0
class Answer:
    def on_message_complete(self):
        self.complete = True
def work():
    global done
    wire = socket.create_connection((host, port))
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    answer = Answer()
    parser = httptools.HttpResponseParser(answer)
    while True:
        answer.complete = False
        wire.sendall(request)
        while not answer.complete:
            parser.feed_data(wire.recv(65536))
        done += 1
for _ in range(32):
    gevent.spawn(work)
found = []
gevent.sleep(0.5)
for _ in range(windows):
    before = time.process_time(), done, time.monotonic()
    gevent.sleep(1.0)
    found.append([time.process_time() - before[0], done - before[1], time.monotonic() - before[2]])
print(json.dumps(found), flush=True)
"""


def measure(full: bool) -> list[Measurement]:
    """One table for each server."""
    windows = 20 if full else 3
    servers: dict[str, Callable[[], AbstractContextManager[Server]]] = {"sandbox": sandbox}
    if nginx_path():
        servers = {"nginx, a fixed answer": nginx, **servers}
    return [_against(name, serve, windows) for name, serve in servers.items()]


def _against(name: str, serve: Callable[[], AbstractContextManager[Server]], windows: int) -> Measurement:
    with serve() as server:
        found = {"gevent socket and parser (the floor)": _floor(server.url, windows)}
        for generator in GENERATORS:
            found[generator] = locust(generator, server.url, _PERSONS, windows).windows
    costs = {
        generator: statistics.median(cpu / requests * 1e6 for cpu, requests, _ in each)
        for generator, each in found.items()
    }
    ours = costs["streamsoak"]
    rows: list[list[str | float | int]] = [
        [
            generator,
            costs[generator],
            ours / costs[generator],
            statistics.median(requests / s for _, requests, s in each),
        ]
        for generator, each in found.items()
    ]
    budgets = [
        Budget(f"CPU of a request, of FastHttpUser's ({name})", ours / costs["FastHttpUser"], 1 / 4, "×"),
        Budget(f"CPU of a request, of HttpUser's ({name})", ours / costs["HttpUser"], 1 / 18, "×"),
    ]
    columns = ["generator", "CPU of a request, µs", "ours of it", "requests a second at saturation"]
    return Measurement(
        f"{_PERSONS} persons, keep-alives as fast as they are answered, against {name}", columns, rows, budgets
    )


def _floor(url: str, windows: int) -> list[tuple[float, float, float]]:
    host, port = url.removeprefix("http://").split(":")
    command = [sys.executable, "-c", _FLOOR, host, port, str(windows)]
    said = subprocess.run(command, stdout=subprocess.PIPE, timeout=_BOUND_SECONDS, check=True).stdout
    return msgspec.json.decode(said, type=list[tuple[float, float, float]])
