"""What a request costs the generator, everything recorded: streamsoak against Locust's own users, wrk, hey and autocannon.

All make keep-alives as fast as they are answered, on connections that are kept. Ours is a real Locust process with event log,
ledger and Locust's statistics; wrk, hey and autocannon record nothing but their own summary, and stand here where they are
installed.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path
from typing import NamedTuple

import trustme

from .interleaved import Comparison, Generator, command_generator, compare, locust_generator
from .measurement import Budget, Measurement
from .servers import Server, nginx, nginx_path, sandbox

_PERSONS = 32
_HOUR = "3600"
_PATH = "/v1/streaming.keep_alive"
_BODY = '{"session_id":"0123456789abcdef0123456789abcdef"}'
_JSON = "Content-Type: application/json"
_KEY = "Authorization: Bearer bench"


class _Peer(NamedTuple):
    """A generator to compare with, and how much of its cost ours may have; None: it is only told."""

    name: str
    start: Callable[[Server], AbstractContextManager[Generator]]
    limit: float | None


def measure(full: bool) -> list[Measurement]:
    """One table for each server."""
    rounds = 30 if full else 8
    if not nginx_path():
        with sandbox() as server:
            return [_against("the sandbox", server, _users(1 / 4), rounds)]
    with nginx() as server:
        plain = _against("nginx, a fixed answer", server, [*_users(1 / 6), *_commands()], rounds)
    with sandbox() as server:
        served = _against("the sandbox", server, _users(1 / 4), rounds)
    return [plain, served, _with_tls(rounds)]


def _with_tls(rounds: int) -> Measurement:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as cleanup:
        authority = trustme.CA()
        pem, trusted = Path(folder) / "server.pem", Path(folder) / "authority.pem"
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(pem))
        authority.cert_pem.write_to_path(str(trusted))
        server = cleanup.enter_context(nginx(pem))
        peer = _Peer("FastHttpUser", partial(_locust, "FastHttpUser", trusted), 1 / 3)
        return _against("nginx with TLS 1.3", server, [peer], rounds, trusted)


def _against(name: str, server: Server, peers: list[_Peer], rounds: int, trusted: Path | None = None) -> Measurement:
    rows: list[list[str | float | int]] = []
    budgets: list[Budget] = []
    with _locust("streamsoak", trusted, server) as ours:
        for peer in peers:
            with peer.start(server) as theirs:
                found = compare(ours, theirs, rounds)
            rows.append([peer.name, found.theirs, found.ours, found.ratio, f"{found.low:.3f} to {found.high:.3f}"])
            budgets += _budgets(name, peer, found)
    columns = ["generator", "CPU of a request, µs", "ours, µs", "ours of it", "95 % interval"]
    title = f"{_PERSONS} connections, keep-alives as fast as they are answered, against {name}"
    return Measurement(title, columns, rows, budgets, note=f"{rounds} rounds of four windows, A B B A")


def _budgets(name: str, peer: _Peer, found: Comparison) -> list[Budget]:
    if peer.limit is None:
        return []
    what = f"CPU of a request, of {peer.name}'s ({name})"
    return [Budget(what, found.ratio, peer.limit, "×", interval=(found.low, found.high))]


def _users(fast: float) -> list[_Peer]:
    return [
        _Peer("FastHttpUser", partial(_locust, "FastHttpUser", None), fast),
        _Peer("HttpUser", partial(_locust, "HttpUser", None), 1 / 18),
    ]


def _locust(generator: str, trusted: Path | None, server: Server) -> AbstractContextManager[Generator]:
    return locust_generator(generator, server.url, _PERSONS, {"REQUESTS_CA_BUNDLE": str(trusted)} if trusted else {})


def _commands() -> list[_Peer]:
    post = ["-m", "POST", "-H", _KEY]
    commands = {
        "wrk": (["-d", _HOUR, "-c", str(_PERSONS), "-t", "1"], None),
        "hey": (["-z", "1h", "-c", str(_PERSONS), "-T", "application/json", "-d", _BODY, *post], 1.0),
        "autocannon": (["-d", _HOUR, "-t", _HOUR, "-c", str(_PERSONS), "-H", _JSON, "-b", _BODY, *post], 1.2),
    }
    return [
        _Peer(name, partial(_command, path, options), limit)
        for name, (options, limit) in commands.items()
        if (path := shutil.which(name))
    ]


def _command(path: str, options: list[str], server: Server) -> AbstractContextManager[Generator]:
    return command_generator([path, *options, server.url + _PATH], server)
