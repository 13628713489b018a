"""Tables on a terminal of 80 and of 60 columns, and in a pipe."""

from __future__ import annotations

import re
import shutil
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest
from rich.console import Console

from loadtests.cli import terminal
from loadtests.cli.__main__ import main
from loadtests.cli.table import Table, print_table
from loadtests.cli.terminal import shorten
from reports.analysis.client import ClientCall, Life
from reports.audit.audit import AuditResult

IDS = [
    "3f2a9c1b-5d1e-4b7a-9c53-0d2b7a6f1e11",
    "3f2a9c1b-77aa-4b7a-9c53-0d2b7a6f1e12",
    "90fe1a02-5d1e-4b7a-9c53-0d2b7a6f1e13",
]


def session(number: int, opened: float, tasks: int, keep_alives: int, ended: float | None, *found: str) -> AuditResult:
    """A session of an audit; closed by the client unless something was found."""
    new = ClientCall(number, "new", opened, opened, 200, "ok", "", 30.0, IDS[number - 1])
    kinds = ["task"] * tasks + ["keep_alive"] * keep_alives
    calls = [ClientCall(number, kind, opened + 1, opened + 1, 200, "ok", "", 0.0, "") for kind in kinds]
    if ended and not found:
        calls.append(ClientCall(number, "stop", ended, ended, 200, "ok", "", 0.0, ""))
    life = Life(number, new, tuple(calls), ended if found else None, deprecated=False)
    return AuditResult(life, dict.fromkeys(found, "why"))


SESSIONS = (
    session(1, 0.12, 3, 0, 12.3),
    session(
        2, 1.02, 1, 120, 750.0, "keepalive-slower-than-timeout", "unclosed-sessions", "double-open", "misnamed-fields"
    ),
    session(3, 10.1, 0, 0, None, "no-stop-after-failed-start"),
)


def audit_table(is_terminal: bool = True) -> Table:
    """As `streamsoak audit` has it."""
    return terminal.audit_table(cast(Any, SimpleNamespace(sessions=SESSIONS)), is_terminal)


def comparison_table() -> Table:
    """As `streamsoak compare` has it."""
    table = Table(("figure", "base", "run", "change", "95 % interval of the change", "result"))
    figures = ("102 ms", "153 ms", "+51 ms (+50%)", "+40 ms to +60 ms", "regression: more than the allowed 15 %")
    table.add("latency.new.p95", *figures)
    return table


def written(table: Table, width: int | None) -> list[str]:
    """The lines on a terminal of that width, or (None) in a pipe."""
    file = StringIO()
    how = {"force_terminal": True, "color_system": None, "width": width} if width else {"width": 80}
    print_table(Console(file=file, highlight=False, **how), table)  # type: ignore[arg-type]
    return [line.rstrip() for line in file.getvalue().splitlines()]


@pytest.mark.parametrize("table", [audit_table(), comparison_table()])
@pytest.mark.parametrize("width", [80, 60])
def test_a_table_fits_the_terminal_and_says_everything(table: Table, width: int) -> None:
    """No line is too long, and no cell but the last is broken or cut."""
    lines = written(table, width)
    assert max(map(len, lines)) <= width
    for row in table.rows:
        for cell in row[:-1]:
            assert any(str(cell) in line for line in lines)
        assert str(row[-1]).replace(" ", "") in "".join(lines).replace(" ", "")


def test_an_audit_fits_80_columns() -> None:
    """One row for each session; all its findings are named, below each other where there are many."""
    lines = written(audit_table(), 80)
    assert lines[0].split("  ")[0] == "session"
    assert lines[1] == "1        3f2a9c1b-5  3      0            client, 12.3 s    closed"
    assert lines[2].startswith("2        3f2a9c1b-7  1      120          API, 12 min 30 s")
    named = "".join(line.replace(" ", "") for line in lines)
    assert all(name in named for name in ("double-open", "misnamed-fields", "no-stop-after-failed-start"))


def test_at_60_columns_an_audit_is_written_row_by_row() -> None:
    """One cell below the other."""
    assert written(audit_table(), 60)[:6] == [
        "1",
        "  id:  3f2a9c1b-5",
        "  tasks:  3",
        "  keep-alives:  0",
        "  closed by:  client, 12.3 s",
        "  findings:  closed",
    ]


def test_in_a_pipe_a_table_is_plain() -> None:
    """One line per row, a tab between cells, without borders, colours or cuts, whatever the width; with whole ids."""
    found = "keepalive-slower-than-timeout, unclosed-sessions, double-open, misnamed-fields"
    assert written(audit_table(is_terminal=False), None) == [
        "session\tid\topened\ttasks\tkeep-alives\tclosed by\tfindings",
        f"1\t{IDS[0]}\t120 ms\t3\t0\tclient, 12.3 s\tclosed",
        f"2\t{IDS[1]}\t1.02 s\t1\t120\tAPI, 12 min 30 s\t{found}",
        f"3\t{IDS[2]}\t10.1 s\t0\t0\tnot closed\tno-stop-after-failed-start",
        "",
    ]


def test_short_ids_tell_sessions_apart() -> None:
    """Eight characters where they suffice, as many as needed elsewhere; short ids stay whole."""
    many = [str(UUID(int=number << 96)) for number in range(1, 4)]
    assert list(shorten(many).values()) == [full[:8] for full in dict.fromkeys(set(many))]
    assert shorten(["a", "ab"]) == {"a": "a", "ab": "ab"}
    assert shorten([]) == {}
    assert len(set(shorten(IDS).values())) == len(IDS)


COMMANDS = pytest.mark.parametrize("arguments", [("profiles",), ("inspect", "smoke"), ("check", "RUN")])
_ESCAPES = re.compile("\x1b\\[[0-9;]*m")


def _lines(arguments: tuple[str, ...], folder: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    run = folder / "run"
    if not run.exists():
        shutil.copytree(Path(__file__).parent / "recorded-run", run)
    main([str(run) if argument == "RUN" else argument for argument in arguments])
    return capsys.readouterr().out.splitlines()


@COMMANDS
def test_a_command_writes_plain_lines_to_a_pipe(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing wraps at COLUMNS; there are no escapes, borders or ellipses."""
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "60")
    lines = _lines(arguments, tmp_path, capsys)
    assert max(map(len, lines)) > 60
    assert not re.search("[\x1b\u2500-\u257f\u2026]", "\n".join(lines))
    assert [line for line in lines if line != line.rstrip()] == []


@COMMANDS
@pytest.mark.parametrize("width", ["80", "60"])
def test_a_command_fits_a_terminal(
    arguments: tuple[str, ...],
    width: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No line is longer, except for one that a terminal wraps by itself: a path."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", width)
    lines = [_ESCAPES.sub("", line) for line in _lines(arguments, tmp_path, capsys)]
    assert [line for line in lines if len(line) > int(width) and str(tmp_path) not in line] == []
