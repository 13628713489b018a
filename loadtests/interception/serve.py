"""The proxy's process: listens, and ends with its standard input."""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import tempfile
from pathlib import Path

import msgspec

from loadtests.http.origin import Origin
from loadtests.interception.access import Access, Seen, Settings
from loadtests.interception.authority import Authority
from loadtests.interception.bundle import adding_bundle, replacing_bundle
from loadtests.interception.policy import Policy
from loadtests.interception.proxy import Proxy
from loadtests.interception.target import request_target
from loadtests.processes.parent import answer_parent
from loadtests.processes.server import LISTENING

_HOST = "127.0.0.1"
_MOST_CONNECTIONS = 2000
_FILES_OF_CONNECTION = 2
_OTHER_FILES = 50


async def serve(settings: Settings, folder: str) -> None:
    """Serves until standard input ends. `folder` gets the files of certificates."""
    policy = Policy(Origin.parse(settings.base), settings.allowed)
    authority, seen = Authority(), Seen()
    api_tls, any_tls = (authority.server_context(policy.api.host, folder) for _ in range(2))
    proxy = Proxy(policy, request_target(settings.sandbox, "", "http"), api_tls, any_tls, seen, _most_connections())
    ended = asyncio.Event()
    # Connections that are open at the end are cancelled by `asyncio.run`.
    servers = [await asyncio.start_server(accept, _HOST, 0) for accept in (proxy.accept, proxy.accept_tls)]
    ports = [server.sockets[0].getsockname()[1] for server in servers]
    access = Access(
        f"http://{_HOST}:{ports[0]}",
        ports[1],
        _write(folder, "trusted.pem", replacing_bundle(authority.certificate, os.environ)),
        _write(folder, "audit.pem", adding_bundle(authority.certificate, os.environ)),
        authority.pin,
    )
    answers: dict[str, Access | Seen] = {"access": access, "seen": seen}
    answer_parent(lambda question: msgspec.json.encode(answers[question]).decode(), ended.set)
    print(f"{LISTENING}{access.proxy}", flush=True)
    await ended.wait()


def _most_connections() -> int:
    """Returns how many connections the process can have; raises its limit of open files as far as it may."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_CONNECTIONS * _FILES_OF_CONNECTION + _OTHER_FILES
    files = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    return (files - _OTHER_FILES) // _FILES_OF_CONNECTION


def _write(folder: str, name: str, content: bytes) -> str:
    path = Path(folder) / name
    path.write_bytes(content)
    return str(path)


def main() -> None:
    """Runs it; the only argument is the settings, as JSON."""
    settings = msgspec.json.decode(sys.argv[1], type=Settings)
    with tempfile.TemporaryDirectory(prefix="streamsoak-audit-") as folder:
        asyncio.run(serve(settings, folder))


if __name__ == "__main__":
    main()
