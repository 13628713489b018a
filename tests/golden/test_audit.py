"""What an audit says of a client, from logs written by hand: each finding, and beside it a log that does not show it."""

from __future__ import annotations

import json
from html import escape as escaped
from pathlib import Path
from typing import Any

import pytest

from loadtests.model.gates.finding_names import FINDINGS
from reports.audit.audit import Audit
from reports.audit.catalogue import CALL_CHECKS, CHECKS

from .page_reader import Element, read_page
from .story import TOOK, Story

IDLE = 30.0
LONG_AFTER = 500.0


class Seen(Story):
    """What the sandbox saw of a client."""

    def __init__(self) -> None:
        super().__init__("client")

    def opened(self, session: int, t: float, **columns: Any) -> Seen:
        """A `new` that opens a session with an idle timeout of 30 s."""
        self.call(session, "new", t, **{"intended": t, "value": IDLE, "detail": f"id-{session}", **columns})
        return self

    def did(self, session: int, kind: str, *times: float) -> Seen:
        """Calls that succeed."""
        for t in times:
            self.call(session, kind, t, intended=t)
        return self

    def failed(self, session: int, kind: str, *times: float, reason: str = "session-closed") -> Seen:
        """Calls that are refused."""
        for t in times:
            self.call(session, kind, t, intended=t, outcome="fail", status=400, code=10005, reason=reason)
        return self

    def reaped(self, session: int, t: float) -> Seen:
        """The API closes it for idleness."""
        self.note(session, "vanished", t, t)
        return self

    def audited(self, folder: Path, **manifest: Any) -> Audit:
        """What the audit makes of it; the sandbox's last look ends the log."""
        self.call(0, "list", LONG_AFTER, intended=LONG_AFTER, value=0.0)
        audit = self.analysed(folder, audit=True, **manifest).audit
        assert audit is not None
        assert all(finding.owner == "your client" for finding in audit.findings)
        return audit


def escape(text: str) -> str:
    """As the templates write it."""
    return escaped(text, quote=False).replace("'", "&#39;").replace('"', "&#34;")


def names(audit: Audit) -> list[str]:
    """Of its findings."""
    return [finding.name for finding in audit.findings]


def _verdicts(audit: Audit) -> list[str]:
    return [judged.verdict for judged in audit.sessions]


def test_a_client_that_closes_is_clean(tmp_path: Path) -> None:
    """Opened, used, kept alive in a long quiet period, stopped."""
    seen = (
        Seen().opened(1, 1).did(1, "start", 2).did(1, "task", 3).did(1, "keep_alive", 23, 43, 63, 83).did(1, "stop", 90)
    )
    audit = seen.audited(tmp_path)
    assert (audit.verdict.result, names(audit), _verdicts(audit)) == ("pass", [], ["closed"])


@pytest.mark.parametrize("reaped", [True, False])
def test_a_session_that_is_never_closed(tmp_path: Path, reaped: bool) -> None:
    """Closed only because it was reaped, or open at the end."""
    seen = Seen().opened(1, 1).did(1, "task", 3)
    audit = (seen.reaped(1, 33) if reaped else seen).audited(tmp_path)
    assert (audit.verdict.result, _verdicts(audit)) == ("fail", ["unclosed-sessions"])
    assert ("reaped by the API" if reaped else "still open") in audit.findings[0].text


def test_the_report_of_an_audit_knows_its_leaks(tmp_path: Path) -> None:
    """Fates, holders and the verdict of `report` agree with the audit: a session nobody closed is a leak."""
    seen = Seen().opened(1, 1).did(1, "task", 3).reaped(1, 33).opened(2, 5).did(2, "stop", 9)
    seen.call(0, "list", 40.0)
    analysis = seen.reported(tmp_path, audit=True)
    assert list(analysis.sessions["fate"]) == ["leaked-reaped", "closed"]
    assert analysis.summary["slot_seconds"]["leaked"] == pytest.approx(30 - TOOK)
    assert analysis.summary["verdict"] == "fail"
    assert analysis.summary["findings"][0]["owner"] == "your client"
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "Your client did not close 1 of 2 sessions" in page
    assert "modelled client" not in page


def test_the_page_goes_from_finding_to_fix_to_calls(tmp_path: Path) -> None:
    """Each finding with its fix and the calls that show it, many of them shortened; then what was checked and holds. Nothing of a
    load test.
    """
    seen = Seen().opened(1, 1).did(1, "task", *range(2, 20)).reaped(1, 49).opened(2, 5).did(2, "stop", 9)
    for attempt in range(4):
        seen.refused(3 + attempt, 20.0 + 0.1 * attempt)
    seen.failed(0, "task", 21.0, reason="session-not-found")
    seen.call(0, "list", LONG_AFTER, intended=LONG_AFTER, value=0.0)
    analysis = seen.reported(tmp_path, audit=True)
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    audit = analysis.audit
    assert audit
    named = {"unclosed-sessions", "retry-storm", "ignored-concurrency-errors", "calls-without-session"}
    assert named <= set(names(audit))
    for finding in analysis.findings:
        assert escape(finding.text) in page
        assert f"<strong>Fix:</strong> {escape(finding.advice)}" in page
    for check in (*CHECKS, *CALL_CHECKS):
        assert (escape(check.passed) in page) != (check.name in names(audit)), check.name
    assert "closed by the API" in page
    assert "6 more calls" in page
    assert "HTTP 400, session-not-found" in page
    assert 'class="tiles"' not in page
    assert "slot" not in page.partition("<main>")[2].partition("What to fix")[0]
    read = read_page(page, ("sessions", "the-audit"), _may_be_loose)
    summary = json.loads((tmp_path / "run" / "summary.json").read_text(encoding="utf-8"))
    passed = len(CHECKS) + len(CALL_CHECKS) - len(named)
    problems = sum(finding["severity"] == "problem" for finding in summary["findings"])
    counts = {"passed_count": passed, "problem_count": problems, "session_count": len(audit.sessions)}
    assert read.wrong({**summary, **counts}) == []
    assert {path.partition("/")[0] for path, _, _ in read.figures} >= {"audit", *counts}
    assert read.loose == []


def _may_be_loose(part: str, text: str, around: list[Element]) -> bool:
    return any(element.tag == "code" for element in around)


def test_each_finding_about_calls_has_calls(tmp_path: Path) -> None:
    """A check names the calls that show it exactly if it finds something."""
    clean = Seen().opened(1, 1).did(1, "stop", 9).audited(tmp_path / "clean").client
    seen = Seen().failed(0, "task", 2.0, reason="session-not-found").failed(1, "new", 3.0, reason="unauthorized")
    wrong = seen.failed(2, "new", 4.0, reason="invalid").audited(tmp_path / "wrong").client
    for client in (clean, wrong):
        for check in CALL_CHECKS:
            if check.name != "retry-storm":
                assert bool(check.calls(client)) == (check.find(client) is not None), check.name
    assert sum(check.find(wrong) is not None for check in CALL_CHECKS) >= 3


def test_hits_of_an_audit_are_laid_to_the_clients_leaks(tmp_path: Path) -> None:
    """A leak that fills the account is the client's, too."""
    seen = Seen().opened(1, 1).did(1, "task", 3).reaped(1, 33)
    seen.refused(2, 10.0)
    analysis = seen.analysed(tmp_path, audit=True, limit=1)
    (found,) = [finding for finding in analysis.findings if finding.name == "leaks-held-the-limit"]
    assert found.owner == "your client"


@pytest.mark.parametrize(("beats", "zombie"), [((20, 40, 60), True), ((20, 40), False), ((10, 20, 30), False)])
def test_a_timer_that_outlives_its_person(tmp_path: Path, beats: tuple[float, ...], zombie: bool) -> None:
    """Three keep-alives and more, for longer than the idle timeout, and then nothing."""
    audit = Seen().opened(1, 1).did(1, "task", 3).did(1, "keep_alive", *beats).audited(tmp_path)
    assert ("zombie-keepalives" in names(audit)) == zombie
    assert "unclosed-sessions" in names(audit)


def test_a_hidden_pages_timer_is_named_beside_the_session_it_lost(tmp_path: Path) -> None:
    """Each 20 s, then once a minute: the API closes the session, and the audit says why the keep-alives were late."""
    seen = Seen().opened(1, 1).did(1, "task", 3).did(1, "keep_alive", 21, 41, 61, 81).reaped(1, 111)
    audit = seen.failed(1, "keep_alive", 120, 180, 240).failed(1, "task", 250).audited(tmp_path)
    assert names(audit) == ["uncovered-quiet-periods", "keepalive-throttled"]
    (judged,) = audit.sessions
    assert list(judged.facts) == ["uncovered-quiet-periods", "keepalive-throttled"]
    assert "every 20 s, then 2 times once a minute (idle timeout 30 s)" in judged.facts["keepalive-throttled"]
    found = audit.findings[1]
    assert (found.severity, found.confidence) == ("warning", "likely")


def test_two_sessions_within_milliseconds_are_mounted_twice(tmp_path: Path) -> None:
    """The first is never used; its facts say how it came about."""
    seen = Seen().opened(1, 1).opened(2, 1.01).did(2, "task", 5).did(2, "stop", 20).reaped(1, 31)
    facts = seen.audited(tmp_path).sessions[0].facts
    assert "mounted twice" in facts["double-open"]


def test_keep_alives_before_a_task_are_no_zombies(tmp_path: Path) -> None:
    """The person was reading, and came back."""
    seen = Seen().opened(1, 1).did(1, "keep_alive", 20, 40, 60, 80).did(1, "task", 85).reaped(1, 115)
    assert names(seen.audited(tmp_path)) == ["unclosed-sessions"]


@pytest.mark.parametrize("kind", ["task", "stop", "keep_alive"])
def test_a_quiet_period_that_is_not_covered(tmp_path: Path, kind: str) -> None:
    """Reaped, and the client came back to find it closed: not unclosed, unless it was only the timer that came back."""
    seen = Seen().opened(1, 1).did(1, "task", 3).reaped(1, 33).failed(1, kind, 40)
    audit = seen.audited(tmp_path)
    assert _verdicts(audit) == ["uncovered-quiet-periods"]
    assert ("unclosed-sessions" in names(audit)) == (kind == "keep_alive")


def test_a_reconnect_that_forgets_the_old_session(tmp_path: Path) -> None:
    """The second was opened before the first was closed, and the first only kept alive from then on."""
    seen = Seen().opened(1, 1).did(1, "task", 2).opened(2, 10).did(1, "keep_alive", 20).did(2, "stop", 25).reaped(1, 50)
    audit = seen.audited(tmp_path)
    assert "double-open" in names(audit)
    assert _verdicts(audit) == ["unclosed-sessions", "closed"]


def test_two_sessions_at_once_are_no_double_open(tmp_path: Path) -> None:
    """Both are used, and both closed."""
    seen = Seen().opened(1, 1).opened(2, 10).did(1, "task", 12).did(1, "stop", 20).did(2, "stop", 25)
    assert names(seen.audited(tmp_path)) == []


@pytest.mark.parametrize(
    ("times", "storm"),
    [
        ((10.0, 10.2, 10.4), True),
        ((10.0, 10.2), False),
        ((10.0, 11.5, 13.0), False),
        ((10.0, 10.2, 10.6, 11.4), False),
    ],
)
def test_retries_without_a_back_off(tmp_path: Path, times: tuple[float, ...], storm: bool) -> None:
    """Three refusals, each within a second of the one before; pauses that double are a back-off."""
    seen = Seen().opened(1, 1).did(1, "stop", 50)
    for number, t in enumerate(times, start=2):
        seen.refused(number, t)
    assert ("retry-storm" in names(seen.audited(tmp_path))) == storm


def test_no_stop_after_a_failed_start(tmp_path: Path) -> None:
    """The session was open, and stayed so."""
    seen = Seen().opened(1, 1).failed(1, "start", 2, reason="session-state").reaped(1, 31)
    audit = seen.audited(tmp_path)
    assert _verdicts(audit) == ["no-stop-after-failed-start"]
    assert audit.verdict.result == "fail"


@pytest.mark.parametrize("then", ["start", "stop"])
def test_a_failed_start_that_was_dealt_with(tmp_path: Path, then: str) -> None:
    """Tried again and closed, or closed at once."""
    seen = Seen().opened(1, 1).failed(1, "start", 2, reason="session-state").did(1, then, 3)
    audit = (seen.did(1, "stop", 9) if then == "start" else seen).audited(tmp_path)
    assert (names(audit), _verdicts(audit)) == ([], ["closed"])


def test_calls_on_a_session_that_the_client_closed(tmp_path: Path) -> None:
    """A timer that was not cleared: a warning, the session being closed."""
    seen = Seen().opened(1, 1).did(1, "task", 2).did(1, "stop", 3).failed(1, "keep_alive", 10)
    audit = seen.audited(tmp_path)
    assert names(audit) == ["calls-on-closed-session"]
    assert audit.verdict.result == "pass"


def test_a_timer_that_outlives_the_clients_own_stop_holds_no_slot(tmp_path: Path) -> None:
    """Its calls come to a closed session, however many there are and however long: no zombie, which has no stop."""
    seen = (
        Seen().opened(1, 1).did(1, "keep_alive", 11, 21).did(1, "stop", 30).failed(1, "keep_alive", *range(40, 200, 10))
    )
    audit = seen.audited(tmp_path)
    assert (names(audit), _verdicts(audit)) == (["calls-on-closed-session"],) * 2
    assert "16 keep_alive after the client's own stop" in audit.findings[0].text


def test_an_api_that_ignores_the_stop_makes_no_zombie(tmp_path: Path) -> None:
    """Acknowledged, and the calls of the timer after it are accepted: the client closed what it could."""
    seen = Seen().opened(1, 1).did(1, "stop", 30).did(1, "keep_alive", 40, 60, 80, 100)
    assert "zombie-keepalives" not in names(seen.audited(tmp_path))


def test_a_timer_whose_calls_are_refused_keeps_nothing_open(tmp_path: Path) -> None:
    """After the API has closed the session."""
    seen = Seen().opened(1, 1).did(1, "keep_alive", 11).reaped(1, 41).failed(1, "keep_alive", 60, 80, 100, 120)
    assert "zombie-keepalives" not in names(seen.audited(tmp_path))


def test_what_is_deprecated_is_told(tmp_path: Path) -> None:
    """`disable_idle_timeout` has no effect."""
    seen = Seen().opened(1, 1)
    seen.note(1, "deprecated", 1, 0.0, "disable_idle_timeout")
    audit = seen.did(1, "stop", 3).audited(tmp_path)
    assert (names(audit), audit.verdict.result) == (["deprecated-disable-idle-timeout"], "pass")


def test_a_session_of_which_the_client_never_knew(tmp_path: Path) -> None:
    """Its answer was lost: a warning, and not the client's leak."""
    audit = Seen().opened(1, 1, status=0, code=0).reaped(1, 31).audited(tmp_path)
    assert (names(audit), _verdicts(audit), audit.verdict.result) == (["lost-answers"], ["lost-answers"], "pass")


def test_calls_that_name_no_session(tmp_path: Path) -> None:
    """The id was read from the wrong place of the answer, as in the vendor's own example."""
    audit = Seen().opened(1, 1).failed(0, "keep_alive", 5, 10, reason="invalid").audited(tmp_path)
    assert "calls-without-session" in names(audit)
    assert "2 keep_alive" in next(f.text for f in audit.findings if f.name == "calls-without-session")


def test_nothing_called_cannot_be_told(tmp_path: Path) -> None:
    """Never a pass; the sentence says what to look at."""
    audit = Seen().audited(tmp_path)
    assert audit.verdict.result == "unknown"
    assert "KONPRO_BASE_URL" in audit.verdict.sentence


def test_a_key_that_was_not_taken_cannot_be_told(tmp_path: Path) -> None:
    """Every call was refused: nothing was learnt of the client's sessions."""
    seen = Seen()
    seen.call(
        1, "new", 1, outcome="fail", status=401, code=400112, value=IDLE, reason="unauthorized", detail="Unauthorized"
    )
    audit = seen.audited(tmp_path)
    assert (audit.verdict.result, names(audit)) == ("unknown", ["unauthorized-calls"])
    assert "1 unauthorized" in audit.verdict.sentence


def test_an_audit_that_was_cut_off_is_no_pass(tmp_path: Path) -> None:
    """Unknown, also with sessions that are open, which may yet be closed; a problem that stays one fails."""
    clean = Seen().opened(1, 1).did(1, "stop", 3).audited(tmp_path / "a", ended=None)
    open_now = Seen().opened(1, 1).audited(tmp_path / "b", ended=None)
    late = Seen().opened(1, 0.5).reaped(1, 30.5).failed(1, "keep_alive", 31.5).audited(tmp_path / "c", ended=None)
    assert (clean.verdict.result, open_now.verdict.result, late.verdict.result) == ("unknown", "unknown", "fail")
    assert "still running" in open_now.verdict.sentence


@pytest.mark.parametrize(
    ("beats", "finding"),
    [((31.5, 61.5), "keepalive-slower-than-timeout"), ((28.5, 56.5), "keepalive-too-tight"), ((15, 30, 45), "")],
)
def test_keep_alives_by_what_they_leave_of_the_timeout(tmp_path: Path, beats: tuple[float, ...], finding: str) -> None:
    """Each 30 s of 30: the session is gone. Each 28 s: it hangs by 2 s. Each 15 s: all is well."""
    seen = Seen().opened(1, 0.5)
    if finding == "keepalive-slower-than-timeout":
        seen.reaped(1, 30.5).failed(1, "keep_alive", *beats)
    else:
        seen.did(1, "keep_alive", *beats).did(1, "stop", 60)
    named = set(names(seen.audited(tmp_path)))
    assert named & {"keepalive-slower-than-timeout", "keepalive-too-tight"} == ({finding} if finding else set())


@pytest.mark.parametrize(("at", "ignored"), [(11, True), (9, False)])
def test_a_client_that_does_not_see_that_the_account_is_full(tmp_path: Path, at: float, ignored: bool) -> None:
    """Refused at 10, and calls without a session after it; before it, they have another reason."""
    seen = Seen().opened(1, 1).did(1, "stop", 50)
    seen.refused(2, 10.0)
    named = names(seen.failed(0, "keep_alive", at, reason="invalid").audited(tmp_path))
    assert ("ignored-concurrency-errors" in named) == ignored
    assert "calls-without-session" in named


def test_every_finding_of_an_audit_has_a_name_that_gates_take() -> None:
    """`finding(NAME) absent` in a scenario or in `--fail-on`."""
    assert {check.name for check in (*CHECKS, *CALL_CHECKS)} <= set(FINDINGS)


@pytest.mark.parametrize("opened", [0, 2])
def test_requests_that_are_refused_as_invalid(tmp_path: Path, opened: int) -> None:
    """A client that asks for an hour fails, and the finding has the API's words; it does not pass for having closed nothing."""
    seen = Seen()
    for number in range(1, opened + 1):
        seen.opened(number, number).did(number, "stop", number + 0.5)
    message = "Invalid parameter: activity_idle_timeout must be 30 to 3599 seconds"
    seen.call(9, "new", 10.0, outcome="fail", status=400, code=40012, reason="invalid", detail=message, value=3600.0)
    audit = seen.audited(tmp_path)
    assert (audit.verdict.result, names(audit)) == ("fail", ["invalid-requests"])
    assert message in audit.findings[0].text
    assert f"1 of {opened + 1} new request" in audit.findings[0].text


def test_a_client_that_opened_nothing_does_not_pass(tmp_path: Path) -> None:
    """Refused for the limit each time: nothing is known of how it closes sessions."""
    audit = Seen().refused(1, 5.0).audited(tmp_path)  # type: ignore[attr-defined]
    assert audit.verdict.result == "unknown"
    assert "opened no session (1 concurrency-limit)" in audit.verdict.sentence


def test_a_session_that_stop_did_not_find_is_not_forgotten(tmp_path: Path) -> None:
    """The client closed it as far as it can know, and then opened another."""
    seen = Seen().opened(1, 1).failed(1, "stop", 5, reason="session-not-found").opened(2, 6).did(2, "stop", 9)
    assert "double-open" not in names(seen.audited(tmp_path))
