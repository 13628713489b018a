"""Which clients there are, and where they come from."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
_BOUND_SECONDS = 120.0


@dataclass(frozen=True)
class PublicClient:
    """One client, and the program that uses it."""

    api: str
    package: str
    version: str
    program: str
    """A file beside this one: Python or JavaScript."""
    does: str
    sessions: int
    """Sessions that it opens, and closes."""
    keep_alives: int = 0

    @property
    def registry(self) -> str:
        """Where the package comes from."""
        return "npm" if self.program.endswith(".mjs") else "PyPI"

    @property
    def module(self) -> str:
        """What a Python program imports, if it is no package of its own."""
        return self.package.replace("-", "_")

    @property
    def is_installed(self) -> bool:
        """Whether this environment has it, in the version that is named or another."""
        return self.registry == "PyPI" and importlib.util.find_spec(self.module) is not None


CLIENTS = (
    PublicClient(
        "browserbase",
        "browserbase",
        "1.22.0",
        "browserbase_python.py",
        "create, list, release; full: `RateLimitError`",
        2,
    ),
    PublicClient(
        "browserbase",
        "@browserbasehq/sdk",
        "2.21.0",
        "browserbase_node.mjs",
        "create, list, release; full: `RateLimitError`",
        2,
    ),
    PublicClient(
        "liveavatar",
        "pipecat-ai",
        "1.14.0",
        "liveavatar_pipecat.py",
        "token, start, stop; full: `LiveAvatarApiError`",
        2,
    ),
    PublicClient(
        "liveavatar",
        "@heygen/liveavatar-web-sdk",
        "0.0.18",
        "liveavatar_heygen.mjs",
        "REST part: start, keep-alive, stop by token",
        1,
        keep_alives=2,
    ),
    PublicClient(
        "tavus", "tavus-cli", "0.11.0", "tavus_own.py", "create, list page by page, end; full: `TavusApiError`", 2
    ),
    PublicClient("tavus", "pipecat-ai", "1.14.0", "tavus_pipecat.py", "class `TavusApi`: create, end", 1),
    PublicClient("tavus", "astrocyte-integration-tavus", "0.22.0", "tavus_astrocyte.py", "list", 1),
)
BESIDE = (
    "aiohttp",
    "httpx",
    "jsonpatch",
    "keyring",
    "loguru",
    "pydantic",
    "python-dotenv",
    "wait_for2",
    "anyio",
    "distro",
    "sniffio",
)
"""What the parts that are used import; the packages themselves are installed without their dependencies, which are large."""


def audited(
    client: PublicClient, command: Sequence[str], folder: Path, environment: Mapping[str, str] = {}
) -> dict[str, Any]:
    """Returns the result of `streamsoak audit` on the client's program, run by `command`; raises AssertionError if it fails."""
    told = folder / f"{client.program}.json"
    audit = [sys.executable, "-m", "loadtests.cli", "audit", "--quick", "--limit", "2", "--api", client.api]
    done = subprocess.run(
        [*audit, f"--run-dir={folder / 'runs'}", f"--json={told}", "--", *command],
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "160", **environment},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=_BOUND_SECONDS,
    )
    assert done.returncode == 0, f"{client.package}: {done.stdout}{done.stderr}"
    result: dict[str, Any] = json.loads(told.read_text(encoding="utf-8"))
    sessions = result["audit"]["sessions"]
    assert [row["closed_by"] for row in sessions] == ["client"] * client.sessions, done.stdout
    assert sum(row["keep_alives"] for row in sessions) == client.keep_alives, done.stdout
    return result
