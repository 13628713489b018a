"""What the recording proxy adds: the time that a request takes longer, and the requests that a core passes on, beside nginx.

All stand before the same upstream (nginx with a fixed answer), which is asked directly, too. The time is that of one client that
asks one request after the other, each way in turn, so that a busy machine changes all alike.
"""

from __future__ import annotations

import http.client
import json
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import psutil

from .engines import engine_for, keeping_alive, open_sessions, run_together
from .measurement import Budget, Measurement
from .servers import Server, bare_asgi, nginx, nginx_path, nginx_proxy

_CONNECTIONS = 32
_BODY = json.dumps({"session_id": "0123456789abcdef0123456789abcdef"})
_HEADERS = {"Authorization": "Bearer bench", "Content-Type": "application/json"}
_DIRECT, _PROXY, _NGINX = "none: the upstream itself", "streamsoak record", "nginx as a proxy"


@contextmanager
def recording_proxy(upstream: str) -> Iterator[Server]:
    """`streamsoak record` before an upstream."""
    with tempfile.TemporaryDirectory() as folder:
        options = ["--upstream", upstream, "--listen", "127.0.0.1:0", "--run-dir", folder]
        process = subprocess.Popen(
            [sys.executable, "-m", "loadtests.cli", "record", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            assert process.stdout is not None
            yield Server(process.stdout.readline().removeprefix("listening on ").strip(), process.pid)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()


def measure(full: bool) -> list[Measurement]:
    """Added time at the median, and requests a core-second."""
    asked, loaded, repeat = (20_000, 60_000, 5) if full else (3_000, 12_000, 3)
    with ExitStack() as stack:
        upstream = stack.enter_context(nginx() if nginx_path() else bare_asgi())
        servers = {_DIRECT: upstream, _PROXY: stack.enter_context(recording_proxy(upstream.url))}
        if nginx_path():
            servers[_NGINX] = stack.enter_context(nginx_proxy(upstream.url))
        times = _times([server.url for server in servers.values()], asked)
        rates = {name: _a_core_second(server, loaded, repeat) for name, server in servers.items() if name != _DIRECT}
    rows: list[list[str | float | int]] = []
    for (name, _), (half, most) in zip(servers.items(), times, strict=True):
        added = half - times[0][0]
        rate = rates.get(name)
        rows.append([name, half, most, added, rate or "", rate / rates[_NGINX] if rate and _NGINX in rates else ""])
    columns = ["proxy", "p50, ms", "p99, ms", "added at p50, ms", "requests a core-second", "of nginx"]
    budgets = [
        Budget("a recording proxy adds at p50", float(rows[1][3]), 1.0, "ms"),
        Budget(
            "a recording proxy passes on, of requests a core-second", rates[_PROXY], 2000.0, "a second", at_most=False
        ),
    ]
    note = "Everything is recorded. A core-second counts the thread that writes the log, too."
    return [Measurement("The recording proxy", columns, rows, budgets, note)]


def _times(urls: list[str], count: int) -> list[tuple[float, float]]:
    """Median and p99 of each address, in ms; they are asked in turn."""
    clients = [http.client.HTTPConnection(urlsplit(url).netloc, timeout=10) for url in urls]
    taken: list[list[float]] = [[] for _ in urls]
    for _ in range(count):
        for client, times in zip(clients, taken, strict=True):
            before = time.perf_counter()
            client.request("POST", "/v1/streaming.keep_alive", _BODY, _HEADERS)
            client.getresponse().read()
            times.append((time.perf_counter() - before) * 1000)
    return [(statistics.median(times), statistics.quantiles(times, n=100)[98]) for times in taken]


def _a_core_second(server: Server, requests: int, repeat: int) -> float:
    rates = []
    with engine_for(server.url) as engine:
        processes = [psutil.Process(server.pid), *psutil.Process(server.pid).children()]
        opened = open_sessions(engine, _CONNECTIONS)
        for _ in range(repeat):
            before = _cpu(processes)
            each = requests // _CONNECTIONS
            run_together(engine, [keeping_alive(engine, [session], each) for session in opened])
            rates.append(each * _CONNECTIONS / (_cpu(processes) - before))
    return statistics.median(rates)


def _cpu(processes: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)
