"""README and docs are true: each command runs, each path and anchor exists, the event log's description is the code's."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from loadtests.model.gates.figure import FIGURES
from loadtests.model.gates.gates import parse_gate
from loadtests.model.log.record import COLUMNS, KINDS
from loadtests.model.text import input_error

from .. import reference
from .locust_run import ROOT
from .reader import Reader, commands

_README = (ROOT / "README.md").read_text(encoding="utf-8")
_OPTIONS = (ROOT / "docs" / "options.md").read_text(encoding="utf-8")
_DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
_READ = {
    "plan and audit": ("README.md", "docs/capacity.md", "docs/audit.md", "docs/record.md", "docs/ci.md", "docs/web.md"),
    "options": (
        "docs/options.md",
        "docs/page.md",
        "docs/sweep.md",
        "docs/profiles.md",
        "docs/soak.md",
        "docs/sandbox.md",
        "docs/watch.md",
        "docs/fit.md",
    ),
    "production": ("docs/production.md",),
}
"""What each reader reads, in one directory. A command that repeats is run once: the first reader has run a scenario."""


@pytest.mark.timeout(900)
@pytest.mark.parametrize("documents", _READ.values(), ids=_READ)
def test_the_commands_of_the_documents_run_in_their_order(documents: tuple[str, ...], tmp_path: Path) -> None:
    """The later ones read the runs of the earlier ones, and a run shows something. Exit code 2 is a verdict, not an error."""
    reader = Reader(tmp_path)
    for document in documents:
        reader.read(ROOT / document)
    assert len(reader.done) >= 10


def test_each_document_with_commands_is_read() -> None:
    """A document that gets a block of commands is read too. The first command of both readers makes what the others read."""
    with_commands = {str(path.relative_to(ROOT)) for path in _DOCUMENTS if commands(path)}
    assert with_commands == {name for names in _READ.values() for name in names}


def test_the_other_examples_of_the_documents_are_commands() -> None:
    """An example with placeholders is not run, but its subcommand and its options exist."""
    from loadtests.cli.__main__ import build_parser

    parser = build_parser()
    examples = [
        line.strip()
        for path in _DOCUMENTS
        for line in re.findall(r"(?m)^    (streamsoak .*)$", path.read_text(encoding="utf-8"))
    ]
    assert len(examples) > 5
    for example in examples:
        words = shlex.split(re.split(r"\s{4,}", example)[0], comments=True)
        parser.parse_args(["RUN" if word == "latest" else word for word in words[1:]])


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
    section = _README[_README.index("### Use it in a CI pipeline") :]
    assert [parse_gate(gate) for gate in re.findall(r'`"(.*?)"`', section[: section.index("\n### ")])]
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


def test_the_reference_is_that_of_the_code() -> None:
    """`make reference` would change nothing, and every environment variable has its row."""
    assert reference.page() == reference.PAGE.read_text(encoding="utf-8"), "run `make reference`"
    assert reference.variables_in_code() == set(reference.VARIABLES)


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


def test_the_command_line_helps(capsys: pytest.CaptureFixture[str]) -> None:
    """Each subcommand has its own help, and is in docs/options.md."""
    from loadtests.cli.__main__ import SUBCOMMANDS, build_parser

    parser = build_parser()
    for subcommand in SUBCOMMANDS:
        with pytest.raises(SystemExit) as ended:
            parser.parse_args([subcommand, "--help"])
        assert ended.value.code == 0
        assert f"usage: streamsoak {subcommand}" in capsys.readouterr().out
        assert f"streamsoak {subcommand}" in _OPTIONS
