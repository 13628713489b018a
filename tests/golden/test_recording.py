"""What a report says of recorded clients, from logs written by hand. No row tells when the API closed a session."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reports.build import build_report, plain
from reports.output.schema import schema
from reports.summary import Analysis

from .story import TOOK
from .test_audit import IDLE, Seen

NOW = 500.0


class Recorded(Seen):
    """What a proxy saw of many clients."""

    def until(self, t: float) -> Recorded:
        """The recording's last row: it goes on without calls."""
        self.note(0, "memory", t, 1e8)
        return self

    def known(self, folder: Path, **manifest: Any) -> Analysis:
        """What the report makes of it."""
        return self.analysed(folder, recording=True, **manifest)


def _fates(analysis: Analysis) -> list[str]:
    return list(analysis.sessions["fate"])


def _names(analysis: Analysis) -> list[str]:
    return [finding.name for finding in analysis.findings]


def test_a_session_that_nobody_stops_is_presumed_to_end_when_it_is_due(tmp_path: Path) -> None:
    """At its last activity plus its idle timeout; until then it is open, and nobody is blamed."""
    seen = Recorded().opened(1, 1).did(1, "task", 3)
    early, late = seen.until(30).known(tmp_path / "a"), seen.until(NOW).known(tmp_path / "b")
    assert (_fates(early), _names(early), early.summary["recording"]["open"]) == (["unobserved"], [], 1)
    assert early.summary["slot_seconds"]["leaked"] == 0
    assert early.verdict.sentence == "Passed: 1 session without a problem; 1 is still open."
    assert (_fates(late), _names(late)) == (["leaked-reaped"], ["unclosed-sessions"])
    assert late.sessions["ended"].tolist() == [pytest.approx(3 + IDLE)]
    assert late.summary["slot_seconds"]["leaked"] == pytest.approx(IDLE - TOOK)
    assert "presumed reaped 32 s after it was opened" in late.findings[0].text
    assert late.summary["audit"]["sessions"][0]["closed_by"] == "API, presumed"
    assert late.verdict.result == "fail"


def test_a_call_overrules_what_was_presumed(tmp_path: Path) -> None:
    """Activity that no proxy sees, such as voice, has kept the session open; it ends with its stop."""
    seen = Recorded().opened(1, 1).did(1, "task", 3, 100).did(1, "stop", 110).until(NOW)
    analysis = seen.known(tmp_path)
    assert (_fates(analysis), analysis.sessions["ended"].tolist()) == (["closed"], [pytest.approx(110 + TOOK)])
    assert analysis.verdict.result == "pass"


def test_a_session_that_a_call_finds_closed(tmp_path: Path) -> None:
    """It had expired in use: the client came back."""
    analysis = Recorded().opened(1, 1).did(1, "task", 3).failed(1, "task", 60).until(NOW).known(tmp_path)
    assert _fates(analysis) == ["expired"]
    assert _names(analysis) == ["uncovered-quiet-periods"]


def test_a_session_ends_at_its_cap(tmp_path: Path) -> None:
    """However long it is kept alive."""
    seen = Recorded().opened(1, 1).did(1, "keep_alive", *range(11, 60, 10))
    seen.note(1, "cap", 1, 60.0)
    analysis = seen.until(NOW).known(tmp_path)
    assert _fates(analysis) == ["capped"]
    assert analysis.sessions["ended"].tolist() == [pytest.approx(61, abs=0.1)]


def test_a_quiet_person_is_no_zombie_while_the_session_is_open(tmp_path: Path) -> None:
    """Keep-alives alone are what a quiet period looks like; once the session has ended so, nobody had come back."""
    seen = Recorded().opened(1, 1).did(1, "task", 3).did(1, "keep_alive", *range(20, 101, 20))
    assert _names(seen.until(110).known(tmp_path / "a")) == []
    assert _names(seen.until(NOW).known(tmp_path / "b")) == ["zombie-keepalives", "unclosed-sessions"]


def test_many_clients_at_once_are_not_one_that_is_hasty(tmp_path: Path) -> None:
    """Refusals within a second, and sessions beside each other, are no problem; who held the slots is told."""
    seen = Recorded().opened(1, 1).did(1, "task", 2).opened(2, 1.1).did(2, "stop", 60)
    for number in range(3, 9):
        seen.refused(number, 20 + 0.1 * number)
    analysis = seen.until(NOW).known(tmp_path, limit=2)
    found = {finding.name: finding for finding in analysis.findings}
    assert set(found) == {"unclosed-sessions", "retry-storm", "leaks-held-the-limit"}
    assert found["retry-storm"].severity == "warning"
    assert found["retry-storm"].text.endswith("They may be of several clients.")
    assert analysis.summary["cause"] == "At the 6 hits leaked sessions held 1.0 of 2 slots."
    assert [each["finding"] for each in analysis.summary["fix_first"]] == ["leaks-held-the-limit"]
    assert analysis.summary["recording"]["hours"] == [
        {"hour": "2026-01-01T00:00+00:00", "opened": 2, "hits": 6, "ends": {"closed": 1, "leaked-reaped": 1}}
    ]


def test_sessions_of_before_the_recording_are_nobody_s_mistake(tmp_path: Path) -> None:
    """A call that finds one closed, or not there, is no call without a session; one without an id is."""
    seen = (
        Recorded().opened(1, 1).did(1, "stop", 2).failed(0, "task", 3).failed(0, "stop", 4, reason="session-not-found")
    )
    seen.did(2, "keep_alive", 3, 13).did(2, "stop", 14)
    assert _names(seen.until(NOW).known(tmp_path / "a")) == []
    seen.failed(0, "task", 5, reason="invalid")
    assert _names(seen.known(tmp_path / "b")) == ["calls-without-session"]


def test_calls_that_are_missing_are_told(tmp_path: Path) -> None:
    """A clean recording with a gap is not known to be clean."""
    seen = Recorded().opened(1, 1).did(1, "stop", 2)
    seen.note(0, "gap", 3, 17.0, "disk")
    analysis = seen.until(NOW).known(tmp_path, lost_events=17)
    assert analysis.summary["recording"]["missing_calls"] == 17
    assert analysis.verdict.sentence == "Inconclusive: 17 calls could not be recorded."


def test_a_recording_without_a_session_says_what_there_was(tmp_path: Path) -> None:
    """Nothing opened proves nothing."""
    seen = Recorded().refused(1, 1).refused(2, 9, reason="unauthorized").until(NOW)
    analysis = seen.known(tmp_path)
    assert analysis.verdict.sentence == (
        "Inconclusive: no session was opened in 2 calls (1 concurrency-limit, 1 unauthorized)."
    )
    assert "The API refused the key of 1 call." in [finding.text for finding in analysis.findings]


def test_the_last_part_has_the_sessions_that_were_open_when_it_began(tmp_path: Path) -> None:
    """From their opening on, also where nothing but the slot was left of one; times count from its first row."""
    seen = Recorded()
    for number, t in enumerate((10.0, 440.0, 1000.0, 1009.0), 1):
        seen.opened(number, t).did(number, "task", t + 1)
    seen.did(2, "stop", 450).did(3, "stop", 1500)
    seen.refused(5, 300).refused(6, 1400)
    folder = seen.until(1530).write(tmp_path / "run", recording=True)
    whole, last = build_report(folder), build_report(folder, last=500.0)
    assert (len(whole.sessions), whole.hits.count) == (4, 2)
    # The fourth was last called 20 s before the part began, and open for another 10.
    assert list(last.sessions["session"]) == [3, 4]
    assert last.hits.count == 1
    assert last.log_end == pytest.approx(530)
    assert last.log.manifest.started_unix == whole.log.manifest.started_unix + 1000
    jsonschema.Draft202012Validator(schema()).validate(plain(last.summary))
    page = (folder / "report.html").read_text(encoding="utf-8")
    for text in (
        "How do sessions end?",
        "Your client did not close 1 of 2 sessions",
        "recording of http://127.0.0.1:1",
    ):
        assert text in page
    assert "Can the run be believed?" not in page and "modelled client" not in page
