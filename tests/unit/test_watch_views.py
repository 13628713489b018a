"""What a watch shows: the screen of a terminal, lines for a log, JSON for programs."""

from __future__ import annotations

import io
import json
from collections import deque
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from loadtests.cli.watch_lines import JsonView, LineView
from loadtests.cli.watch_screen import ScreenView, screen
from loadtests.model.api.answer import Answer, Outcome, Reason
from loadtests.model.run.watch_terms import AlertRules, WatchTerms
from loadtests.monitoring.account_state import AccountFigures, AccountState
from loadtests.monitoring.alerts import Alerts
from loadtests.observing.list_snapshot import ListHistory, ListSnapshot

STARTED = 1_700_000_000.0


@dataclass
class Shown:
    """What views read of a watch."""

    limit: int | None = 10
    started_unix: float = STARTED
    next_look: float = 17.0
    last_look: ListSnapshot | None = None
    history: ListHistory = field(default_factory=ListHistory)

    def __post_init__(self) -> None:
        self.terms = WatchTerms(every=10, budget=1000, idle=60, alerts=AlertRules(open=2))
        self.state = AccountState(self.terms, self.limit, STARTED)
        self.alerts = Alerts(self.terms.alerts)
        origin = SimpleNamespace(url="https://api.example.com")
        self.settings = SimpleNamespace(route=SimpleNamespace(origin=origin), duration=600.0)

    def look(self, t: float, *ids: str) -> AccountFigures:
        """A list of sessions that are 100 s old."""
        created = STARTED + t - 100
        answer = Answer(Outcome.OK, sent=t, answered=t)
        self.last_look = self.history.compare(t, answer, dict.fromkeys(ids, created))
        self.state.update(self.last_look)
        return self.state.figures(t)

    def fail(self, t: float) -> AccountFigures:
        """A look without a list."""
        self.last_look = ListSnapshot.without_list(t, Answer(Outcome.FAIL, Reason.RATE, t, t))
        self.state.update(self.last_look)
        return self.state.figures(t)


def drawn(watch: Any, figures: AccountFigures, width: int = 80, alerts: Any = ()) -> str:
    """The picture as text."""
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    console.print(screen(watch, figures, deque(alerts)))
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def test_the_screen_says_what_is_open() -> None:
    """Against the limit, with ages and the oldest sessions, within 80 columns."""
    watch = Shown()
    watch.look(0.0, "a" * 36, "b" * 36)
    text = drawn(watch, watch.look(10.0, "a" * 36))
    assert "https://api.example.com  00:10 of 10:00  next look in 7 s" in text
    assert "1 of 10 open  [##..................] 10 %" in text
    assert "longer than their idle timeout: 1 (may be in use)" in text
    assert "1 missing in the last list" in text
    assert "aaaaaaaa " in text and "missing in the last list" in text.partition("bbbbbbbb")[2]
    assert max(map(len, text.splitlines())) <= 80


def test_the_screen_says_why_there_is_no_list() -> None:
    """And what is still not known."""
    watch = Shown()
    text = drawn(watch, watch.fail(10.0))
    assert "no list for 10 s (rate-limit)" in text
    assert "open: unknown, no list has been read yet" in text


def test_an_id_of_the_api_cannot_move_the_cursor() -> None:
    """Nor can it look like markup."""
    watch = Shown(limit=None)
    text = drawn(watch, watch.look(0.0, "\x1b[2Jevil", "[red]x"))
    assert "\x1b[2J" not in text.replace("\x1b[0m", "")
    assert "[red]x" in text
    assert "2 open sessions" in text


def test_the_screen_keeps_the_last_alerts() -> None:
    """Raised and resolved, with their time."""
    console = Console(file=io.StringIO(), width=100, force_terminal=True, color_system=None)
    watch = Shown()
    with ScreenView(console) as view:
        for alert in watch.alerts.update(watch.look(0.0, "a", "b")):
            view.alert(watch, alert)  # type: ignore[arg-type]
        view.look(watch, watch.look(1.0, "a", "b"))  # type: ignore[arg-type]
    assert "2023-11-14T22:13:20Z raised open: 2 sessions are open (threshold 2)" in console.file.getvalue()  # type: ignore[attr-defined]


def test_a_log_gets_a_line_a_minute(capsys: pytest.CaptureFixture[str]) -> None:
    """And one for each alert; what is unknown is left out."""
    watch: Any = Shown()
    view = LineView()
    for t in range(0, 130, 10):
        figures = watch.look(float(t), "a", "b")
        for alert in watch.alerts.update(figures):
            view.alert(watch, alert)
        view.look(watch, figures)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert lines[0].endswith('alert=open state=raised value=2 threshold=2 text="2 sessions are open (threshold 2)"')
    assert lines[1].startswith("time=2023-11-14T22:13:20Z list=ok open=2 limit=10 missing=0 oldest=100 median_age=100")
    assert "longer_than_cap" not in lines[1]


def test_json_has_an_object_for_each_look(capsys: pytest.CaptureFixture[str]) -> None:
    """With null for what is unknown, and the active alerts."""
    watch: Any = Shown()
    view = JsonView()
    view.look(watch, watch.fail(0.0))
    figures = watch.look(10.0, "a", "b")
    watch.alerts.update(figures)
    view.look(watch, figures)
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["list"], first["open"], first["alerts"]) == ("rate-limit", None, [])
    assert (second["list"], second["open"], second["alerts"]) == ("ok", 2, ["open"])
