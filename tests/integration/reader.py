"""Reads documents as a user does: runs their commands from top to bottom, in one directory."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from .crew import free_port
from .locust_run import ROOT

_SERVES = {
    "locust": "Starting web interface",
    "streamsoak sandbox": "listening on http://127.0.0.1:",
    "streamsoak record": "listening on http://127.0.0.1:",
}
"""Commands that run until they are stopped, by their beginning, and what they print when they are ready."""
_FINDS = {
    "streamsoak audit --quick -- python tests/clients/leaky.py": (1,),
    "streamsoak simulate demo --duration 2h --set limit=15": (1,),
}
"""Commands that demonstrate a problem, and the exit code that reports it."""
_BUILT_IN = "source "
"""Commands of the shell itself."""
_VERDICTS = (0, 1, 2)
_PORTS = ("8099", "8098", "8097")
"""The ports of the documents' examples: here, ones on which nobody listens."""
_IN_BACKGROUND = " &"
"""The end of a command that goes on while those after it run."""
_ELSEWHERE = ("make ", "export ")
"""Commands that need a fresh clone, and the search path, which the reader has."""
_AGAIN = "streamsoak simulate"
"""Commands that are run each time: in a second they make the run that is the latest for the next command."""
_LONGEST_SECONDS = 300


def commands(document: Path) -> list[str]:
    """Returns the lines of the `sh` blocks of a document, without their comments. Other blocks are examples."""
    blocks = re.findall(r"```sh\n(.*?)```", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    lines = [re.split(r"\s+#|^#", line)[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith(_ELSEWHERE)]


class Reader:
    """A directory as a user has it: the locustfile, the profiles and the example clients."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.done: list[str] = []
        self._ports = {port: str(free_port()) for port in _PORTS}
        self._background: list[subprocess.Popen[str]] = []
        for name in ("locustfile.py", "profiles", "tests"):
            (folder / name).symlink_to(ROOT / name)

    def read(self, document: Path) -> None:
        """Runs the commands of a document; most that were run before are not run again."""
        try:
            self._read(document)
        finally:
            for process in self._background:
                process.kill()
                process.communicate()
            self._background.clear()

    def _read(self, document: Path) -> None:
        for command in commands(document):
            repeated = command in self.done and not command.startswith(_AGAIN)
            if not repeated and shutil.which(_program(command), path=_path()):
                self.done.append(command)
                self._run(command)

    def _run(self, command: str) -> None:
        before = set(self.folder.glob("runs/*"))
        code, output = self._finish(command)
        assert code in _codes(command), f"{command}: {code}\n{output}"
        assert "Traceback" not in output, f"{command}\n{output}"
        for run in set(self.folder.glob("runs/*")) - before:
            if "--headless" in command:
                summary = json.loads((run / "summary.json").read_text(encoding="utf-8"))
                assert summary["sessions"]["opened"] > 0, f"{command}: the run shows nothing\n{output}"

    def _finish(self, command: str) -> tuple[int, str]:
        in_background = command.endswith(_IN_BACKGROUND)
        text = command.removesuffix(_IN_BACKGROUND)
        for port, free in self._ports.items():
            text = text.replace(port, free)
        process = subprocess.Popen(
            ["bash", "-c", text if text.startswith(_BUILT_IN) else f"exec {text}"],
            cwd=self.folder,
            env={**os.environ, "PATH": _path(), **_ports()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            if ready := _serves(command):
                assert process.stdout is not None
                assert any(ready in line for line in process.stdout), command
                if in_background:
                    self._background.append(process)
                    return 0, ""
                process.send_signal(signal.SIGTERM)
            output, _ = process.communicate(timeout=_LONGEST_SECONDS)
        finally:
            if process not in self._background and process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
        return process.returncode, output


def _program(command: str) -> str:
    """Returns the program that must be on the machine: of an audit, the client's."""
    if command.startswith(_BUILT_IN):
        return "bash"
    return command.partition(" -- ")[2].split()[0] if " -- " in command else command.split()[0]


def _path() -> str:
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


def _serves(command: str) -> str | None:
    if command.startswith("locust") and "--headless" in command:
        return None
    return next((ready for start, ready in _SERVES.items() if command.startswith(start)), None)


def _codes(command: str) -> tuple[int, ...]:
    if command in _FINDS:
        return _FINDS[command]
    if command.startswith("streamsoak check"):
        # It may judge hours of the demo with a smaller limit: any verdict is accepted.
        return _VERDICTS
    return (0, -signal.SIGTERM) if _serves(command) else (0, 2)


def _ports() -> dict[str, str]:
    """Returns Locust's variables for ports on which no other test's master and web UI listen."""
    master = str(free_port())
    return {
        "LOCUST_MASTER_NODE_PORT": master,
        "LOCUST_MASTER_BIND_PORT": master,
        "LOCUST_WEB_PORT": str(free_port()),
    }
