"""Two network namespaces joined by a cable, where the system allows it: two machines, as far as the network can tell."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_NET = "10.203.47"
_Prefix = tuple[str, ...]


@contextlib.contextmanager
def two_namespaces() -> Iterator[tuple[_Prefix, _Prefix, str]]:
    """What to run a command with in the first and in the second, and the first one's address."""
    names = [f"streamsoak-{os.getpid()}-{side}" for side in "ab"]
    if not shutil.which("ip") or not _ip("netns", "add", names[0]):
        pytest.skip("NO NETWORK NAMESPACES: install iproute2 and be root to run a master and a worker in two of them")
    try:
        assert _ip("netns", "add", names[1])
        cable = [f"soak{os.getpid() % 100_000}{side}" for side in "ab"]
        assert _ip("link", "add", cable[0], "netns", names[0], "type", "veth", "peer", cable[1], "netns", names[1])
        for number, (name, end) in enumerate(zip(names, cable, strict=True), 1):
            assert _ip("-n", name, "address", "add", f"{_NET}.{number}/24", "dev", end)
            assert _ip("-n", name, "link", "set", end, "up")
            assert _ip("-n", name, "link", "set", "lo", "up")
        yield _prefix(names[0]), _prefix(names[1]), f"{_NET}.1"
    finally:
        for name in names:
            _ip("netns", "delete", name)


@contextlib.contextmanager
def sandbox_at(prefix: _Prefix, address: str, log: Path) -> Iterator[str]:
    """A sandbox that listens at `address`, and writes what really happens into `log`; its URL."""
    options = ("--host", address, "--idle-range", "1:3599", "--log", str(log), "--parent-pipe")
    command = [*prefix, sys.executable, "-m", "loadtests.cli", "sandbox", *options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().removeprefix("listening on ").strip()
        finally:
            process.kill()


def _prefix(name: str) -> _Prefix:
    return ("ip", "netns", "exec", name)


def _ip(*arguments: str) -> bool:
    return subprocess.run(["ip", *arguments], capture_output=True, timeout=15).returncode == 0
