"""junit.xml, read back by a packaged parser."""

from __future__ import annotations

from pathlib import Path

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase

from loadtests.model.run.scenario import Scenario
from reports.audit.catalogue import PASSED
from reports.output.annotation import annotation_lines

from .story import Story


def scenario(*gates: str) -> Scenario:
    """A scenario with these gates."""
    return Scenario.model_validate({"name": "judged", "stages": [{"duration": 60, "load": {}}], "gates": gates})


def cases(story: Story, folder: Path, *gates: str) -> dict[str, TestCase]:
    """The test cases of the file, by suite and name."""
    story.reported(folder, scenario=scenario(*gates))
    suites = JUnitXml.fromfile(str(folder / "run" / "junit.xml"))
    return {f"{suite.name.rpartition('.')[2]}: {case.name}": case for suite in suites for case in suite}


def what(case: TestCase) -> list[type]:
    """Failure, Error, Skipped; nothing where it passed."""
    return [type(result) for result in case.result]


@pytest.fixture
def closed() -> Story:
    """One session, opened and closed, and seen by the list."""
    return Story().opens(1, 1.0).stops(1, 5.0).looks(60.0).listed(1, 1.5).vanishes(1, 4.5, 5.5)


def test_what_holds_passes(closed: Story, tmp_path: Path) -> None:
    """The verdict, the gates, the checks: nothing is red."""
    found = cases(closed, tmp_path, "sessions.fates.closed == 1", "finding(ghost-sessions) absent")
    assert what(found["verdict: verdict"]) == []
    assert what(found["gates: sessions.fates.closed == 1"]) == []
    assert what(found["gates: finding(ghost-sessions) absent"]) == []
    assert what(found["checks: ghost-sessions"]) == []


def test_a_gate_that_fails_is_a_failure(closed: Story, tmp_path: Path) -> None:
    """It alone, with the value in the message; the verdict, which is made of it, is skipped and says so."""
    found = cases(closed, tmp_path, "sessions.opened == 7")
    (result,) = found["gates: sessions.opened == 7"].result
    assert isinstance(result, Failure)
    assert result.message == "1"
    (told,) = found["verdict: verdict"].result
    assert isinstance(told, Skipped)
    assert "sessions.opened == 7" in told.message


def test_what_cannot_be_told_is_an_error(closed: Story, tmp_path: Path) -> None:
    """A figure that was not measured is neither passed nor failed."""
    found = cases(closed, tmp_path, "keep_alive.margin.p1 > 5s")
    assert what(found["gates: keep_alive.margin.p1 > 5s"]) == [Error]
    assert what(found["verdict: verdict"]) == [Skipped]


def test_a_verdict_that_no_gate_tells_is_red_itself(tmp_path: Path) -> None:
    """A run in which nothing was measured."""
    assert what(cases(Story().looks(60.0), tmp_path)["verdict: verdict"]) == [Error]


def test_names_are_stable_and_times_are_there(closed: Story, tmp_path: Path) -> None:
    """The suites are named by the scenario; when, which run and how long are beside the names."""
    closed.reported(tmp_path, scenario=scenario("sessions.opened == 1"))
    suites = list(JUnitXml.fromfile(str(tmp_path / "run" / "junit.xml")))
    assert [suite.name for suite in suites] == [f"streamsoak.judged.{kind}" for kind in ("verdict", "gates", "checks")]
    assert suites[0].time == pytest.approx(60.0, abs=1.0)
    assert all(suite.timestamp for suite in suites)
    assert [(one.name, one.value) for one in suites[0].properties()] == [("run", "by-hand")]


def test_a_run_without_gates_has_no_suite_of_gates(closed: Story, tmp_path: Path) -> None:
    """An empty suite is an error to some CI systems."""
    closed.reported(tmp_path, scenario=scenario())
    assert [suite.name for suite in JUnitXml.fromfile(str(tmp_path / "run" / "junit.xml"))] == [
        "streamsoak.judged.verdict",
        "streamsoak.judged.checks",
    ]


def test_each_check_of_an_audit_is_a_case(tmp_path: Path) -> None:
    """A problem is a failure, a warning and what holds pass with their sentences; without a session nothing was checked."""
    seen = Story("client").call(1, "new", 1.0, intended=1.0, value=30.0, detail="id-1")
    seen.note(1, "deprecated", 1.0, 0.0, "disable_idle_timeout")
    seen.call(0, "list", 5.0, intended=5.0, value=1.0).reported(tmp_path / "leaky", audit=True)
    Story("client").call(0, "list", 5.0, intended=5.0).reported(tmp_path / "idle", audit=True)
    leaky, idle = (
        {case.name: case for suite in JUnitXml.fromfile(str(tmp_path / name / "run" / "junit.xml")) for case in suite}
        for name in ("leaky", "idle")
    )
    assert set(PASSED) < set(leaky)
    failed = {name for name, case in leaky.items() if what(case)}
    assert (failed, what(leaky["verdict"])) == ({"verdict", "unclosed-sessions"}, [Skipped])
    assert what(leaky["unclosed-sessions"]) == [Failure]
    assert "disable_idle_timeout" in (leaky["deprecated-disable-idle-timeout"].system_out or "")
    assert leaky["retry-storm"].system_out == PASSED["retry-storm"]
    assert what(idle["verdict"]) == [Error]
    assert {tuple(what(idle[name])) for name in PASSED} == {(Skipped,)}


def test_a_gate_on_a_finding_decides(tmp_path: Path) -> None:
    """A leak is found: absent fails, present holds; without a gate the finding only says so in its case's output."""
    story = Story().opens(1, 1.0).leaves(1, 5.0, "abandon").looks(60.0).listed(1, 1.5).vanishes(1, 30.5, 31.5)
    found = cases(story, tmp_path, "finding(unclosed-sessions) absent", "finding(unclosed-sessions) present")
    assert what(found["gates: finding(unclosed-sessions) absent"]) == [Failure]
    assert what(found["gates: finding(unclosed-sessions) present"]) == []
    assert what(found["checks: unclosed-sessions"]) == []
    assert "abandon" in (found["checks: unclosed-sessions"].system_out or "")


def test_a_check_that_could_not_tell_is_skipped(tmp_path: Path) -> None:
    """And a gate on it is an error, never passed."""
    found = cases(Story().opens(1, 1.0).stops(1, 5.0), tmp_path, "finding(ghost-sessions) absent")
    assert what(found["checks: ghost-sessions"]) == [Skipped]
    assert what(found["gates: finding(ghost-sessions) absent"]) == [Error]


def test_hostile_texts_are_text(closed: Story, tmp_path: Path) -> None:
    """What the API says may hold what XML has no place for, or what would end an element."""
    closed.refused(2, 8.0, "quota", ']]></system-out><x a="\x00\x1b')
    assert "1 new" in (cases(closed, tmp_path)["checks: quota-exhausted"].system_out or "")


def test_one_failed_gate_is_one_annotation(closed: Story, tmp_path: Path) -> None:
    """Not one for the verdict beside it; a verdict without a gate that says so has one."""
    failed = closed.analysed(tmp_path / "a", scenario=scenario("sessions.opened == 7", "sessions.opened == 1"))
    assert list(annotation_lines(failed)) == ["::error title=sessions.opened == 7%3A fail::1"]
    (line,) = annotation_lines(Story().looks(60.0).analysed(tmp_path / "b", scenario=scenario()))
    assert line.startswith("::warning title=streamsoak%3A Inconclusive::")
