"""README and docs are true: each command runs, each path and anchor exists, the event log's description is the code's."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from loadtests.model.gates.figure import FIGURES
from loadtests.model.gates.gates import parse_gate
from loadtests.model.log.record import COLUMNS, KINDS
from loadtests.model.text import input_error

from .crew import free_port
from .locust_run import ROOT

_README = (ROOT / "README.md").read_text(encoding="utf-8")
_OPTIONS = (ROOT / "docs" / "options.md").read_text(encoding="utf-8")
_DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
_SERVES = {"locust": "Starting web interface", "streamsoak sandbox --limit 20": "listening on http://127.0.0.1:"}
"""Commands that run until they are stopped, and what they print when they are ready."""
_FINDS = {"streamsoak audit --quick -- python tests/clients/leaky.py": 1}
"""Commands that demonstrate a problem, and the exit code that reports it."""
_ELSEWHERE = ("make demo", "make test")
"""Commands that need a fresh clone: the second runs this test, the first takes two minutes."""


def _commands() -> list[str]:
    """Returns the commands of the README, then those of docs/options.md that are not among them."""
    texts = [_README, _OPTIONS]
    blocks = [block for text in texts for block in re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL)]
    lines = [line.split("  #")[0].strip() for block in blocks for line in block.splitlines()]
    return list(dict.fromkeys(line for line in lines if line and not line.startswith("#")))


_COMMANDS = [command for command in _commands() if command not in _ELSEWHERE]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory as a user has it: the locustfile, the profiles and the example clients."""
    made = tmp_path_factory.mktemp("readme")
    for name in ("locustfile.py", "profiles", "tests"):
        (made / name).symlink_to(ROOT / name)
    return made


@pytest.mark.parametrize("command", _COMMANDS)
def test_each_command_of_the_documents_runs(command: str, folder: Path) -> None:
    """In their order: the later ones read the runs of the earlier ones. Exit code 2 is a verdict, not an error."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    process = subprocess.Popen(
        ["bash", "-c", f"exec {command}"],
        cwd=folder,
        env={**os.environ, "PATH": path, **_ports()},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        if command in _SERVES:
            assert process.stdout is not None
            assert any(_SERVES[command] in line for line in process.stdout)
            process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=120)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode in _codes(command), output
    assert "Traceback" not in output


def _ports() -> dict[str, str]:
    """Locust's variables for ports on which no other test's master and web UI listen."""
    master = str(free_port())
    return {
        "LOCUST_MASTER_NODE_PORT": master,
        "LOCUST_MASTER_BIND_PORT": master,
        "LOCUST_WEB_PORT": str(free_port()),
    }


def _codes(command: str) -> tuple[int, ...]:
    if command in _FINDS:
        return (_FINDS[command],)
    if command.startswith("streamsoak check"):
        # It may judge half a day of the demo with a smaller limit: any verdict is accepted.
        return (0, 1, 2)
    return (0, -signal.SIGTERM) if command in _SERVES else (0, 2)


def test_the_documents_show_every_kind_of_run() -> None:
    """The commands were found, and those that make a run come before those that read one."""
    assert len(_COMMANDS) >= 16
    reads = next(number for number, command in enumerate(_COMMANDS) if command.endswith(" latest"))
    assert _COMMANDS.index("streamsoak run smoke --sandbox --headless") < reads


def test_the_readme_is_short() -> None:
    """At most 120 lines: options and file lists have pages of their own."""
    assert len(_README.splitlines()) <= 120


def test_the_event_log_is_documented_column_by_column() -> None:
    """docs/event-log.md describes each column and kind in the words of the code."""
    text = (ROOT / "docs" / "event-log.md").read_text(encoding="utf-8")
    for column in COLUMNS:
        assert f"| `{column.name}` | {column.type} | {column.unit} | {column.about} |" in text
    for kind, about in KINDS.items():
        assert f"| `{kind}` | {about} |" in text


def test_the_gates_of_the_documents_are_gates() -> None:
    """Each example in docs/ci.md and the README can be parsed, and every figure has its row."""
    text = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```toml\n(.*?)```", text, flags=re.DOTALL)
    gates = [parse_gate(gate) for gate in tomllib.loads(block)["gates"]]
    assert {gate.abort_after for gate in gates} == {None, 30.0}
    assert any(gate.is_drift for gate in gates) and any(gate.window for gate in gates)
    section = _README[_README.index("## Use it in a CI pipeline") :]
    assert [parse_gate(gate) for gate in re.findall(r'`"(.*?)"`', section[: section.index("\n## ")])]
    names = re.findall(r"`([a-zA-Z0-9_.()]+)", text[text.index("### Figures") : text.index("### Windows")])
    wild = {"FATE": "[a-z-]+", "CALL": "[a-z_]+", r"\(NAME\)": ".[a-z0-9-]+"}
    patterns = [re.sub(r"\\.P$", r"\\.(min|p\\d+|max)", re.escape(name)) for name in names]
    for word, stands_for in wild.items():
        patterns = [pattern.replace(word, stands_for) for pattern in patterns]
    assert [figure for figure in FIGURES if not any(re.fullmatch(pattern, figure) for pattern in patterns)] == []


def test_the_exit_codes_of_the_documents_are_those_of_the_code() -> None:
    """One table, in docs/ci.md."""
    text = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    documented = {int(code) for code in re.findall(r"(?m)^\| (\d+) \|", text)}
    assert documented == {getattr(input_error, name) for name in vars(input_error) if name.startswith("EXIT_")}


def _anchors(document: Path) -> set[str]:
    """Returns the anchors of a document's headings, as GitHub derives them."""
    text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    headings = re.findall(r"(?m)^#+ (.*)$", text)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", _DOCUMENTS, ids=lambda document: document.stem)
def test_links_of_the_documents_lead_somewhere(document: Path) -> None:
    """Each relative link in README, CONTRIBUTING and docs names a file, and a heading of it if it has an anchor."""
    for link in re.findall(r"\]\(([^):]+)\)", document.read_text(encoding="utf-8")):
        name, _, anchor = link.partition("#")
        target = document.parent / name if name else document
        assert target.exists(), link
        assert not anchor or anchor in _anchors(target), link


@pytest.mark.parametrize("document", _DOCUMENTS, ids=lambda document: document.stem)
def test_paths_in_the_documents_exist(document: Path) -> None:
    """Each path of the source that a document names, apart from patterns such as `reports/findings/NAME.py`."""
    text = document.read_text(encoding="utf-8")
    paths = re.findall(r"`((?:loadtests|reports|tests|profiles|docs)/[\w./-]*)`", text)
    assert [path for path in paths if "NAME" not in path and not (ROOT / path).exists()] == []


def test_the_command_line_helps(tmp_path: Path) -> None:
    """Each subcommand has its own help, and is in docs/options.md."""
    from loadtests.cli.__main__ import SUBCOMMANDS

    for subcommand in SUBCOMMANDS:
        shown = subprocess.run(
            [sys.executable, "-m", "loadtests.cli", subcommand, "--help"],
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
        )
        assert "usage:" in shown.stdout
        assert f"streamsoak {subcommand}" in _OPTIONS
