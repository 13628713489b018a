"""Defects over HTTP: the real sandbox, heard by the real client as virtual time hears them; and each found in a live run."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gevent
import pytest
import requests

from loadtests.defects.account import open_account
from loadtests.defects.catalogue import parse_defects
from loadtests.http.codec import Codec
from loadtests.http.connection import Connection
from loadtests.http.route import route_to
from loadtests.model.api.answer import Answer, Reason
from loadtests.model.api.description.default import default_api
from loadtests.model.api.operation import Operation
from loadtests.model.api.rules import Terms
from loadtests.model.api.service import ApiRequest
from loadtests.model.api.translation import answer_from_reply
from loadtests.model.run.manifest import read_manifest
from loadtests.model.session.session import Session
from loadtests.model.session.steps import Call
from loadtests.sandbox.process import SandboxProcess
from tests.matrix.expected import EXPECTED
from tests.unit.test_cli import streamsoak

from .locust_run import SCENARIOS, run_locust, start_locust

if TYPE_CHECKING:
    from tests.integration.conftest import Client

    Sandboxes = Callable[..., SandboxProcess]
    Clients = Callable[..., Client]

BOUND = 15.0
TIMEOUT = 0.3
CALLS = 24


def meanings(url: str, operation: Operation, calls: int) -> list[Answer]:
    """What the harness's own client makes of the answers to `calls` calls."""
    route = route_to(url)
    api = Codec(route, default_api(), "any", {})
    connection = Connection(route, time.monotonic)
    answers = []
    for number in range(calls):
        call = Call(Session(number, "test", 60.0), operation, 0.0)
        exchange = None
        with gevent.Timeout(TIMEOUT, TimeoutError):
            exchange = connection.exchange(api.encode(call))
        assert exchange is not None
        answers.append(api.decode(operation, exchange))
    connection.close()
    return answers


def told(answer: Answer) -> tuple[Any, ...]:
    """An answer without times and ids. A reset of a reused connection looks like one that the server had closed."""
    reason = Reason.RESET if answer.reason is Reason.STALE else answer.reason
    return answer.outcome, reason, answer.status, answer.code, answer.retry_after


@pytest.mark.parametrize(
    ("defect", "operation"),
    [
        ("flaky=0.8", Operation.NEW),
        ("hang=0.3", Operation.CREATE_TOKEN),
        ("lost-answer=0.3", Operation.NEW),
        ("error-in-200=0.5", Operation.STOP),
        ("fail-new=0.5", Operation.NEW),
        ("slow-new=0.6", Operation.NEW),
    ],
)
def test_http_and_virtual_time_agree(sandbox: Sandboxes, defect: str, operation: Operation) -> None:
    """Equal seeds: call by call, the harness hears over HTTP what the simulator says it would."""
    live = [told(answer) for answer in meanings(sandbox("--defect", defect, "--seed", "7").url, operation, CALLS)]
    _, service = open_account(
        Terms(), lambda: str(uuid.uuid1()), lambda at, event, session: None, parse_defects([defect]), 7
    )
    replies = [service(float(t), ApiRequest(operation, idle_timeout=60)) for t in range(CALLS)]
    virtual = [told(answer_from_reply(reply, 0.0, reply.delay, TIMEOUT)) for reply in replies]
    assert [said[:3] for said in live] == [said[:3] for said in virtual]
    assert len(set(virtual)) > 1 or defect.startswith("slow-new")


@pytest.mark.parametrize(
    ("options", "status", "code"),
    [((), 400, 10005), (("--closed-answer", "404"), 404, 10006), (("--closed-answer", "200"), 200, 10005)],
)
def test_what_a_closed_session_answers(
    sandbox: Sandboxes, client: Clients, options: tuple[str, ...], status: int, code: int
) -> None:
    """One of three, for keep_alive and for a second stop."""
    api = client(sandbox(*options).url)
    session_id = api.open()
    api.post("stop", session_id=session_id)
    for call in ("keep_alive", "stop"):
        said = api.post(call, session_id=session_id)
        assert (said.status, said.body["code"]) == (status, code)


def test_stop_may_be_idempotent(sandbox: Sandboxes, client: Clients) -> None:
    """A second stop succeeds; one of what never was does not."""
    api = client(sandbox("--stop-again").url)
    session_id = api.open()
    assert [api.post("stop", session_id=session_id).status for _ in range(2)] == [200, 200]
    assert api.post("stop", session_id="nobody").status == 404


@pytest.mark.parametrize(("asked", "status"), [(5, 200), (3600, 200), ("60", 400), (True, 400)])
def test_a_timeout_out_of_range_may_be_clamped(sandbox: Sandboxes, client: Clients, asked: object, status: int) -> None:
    """A number is brought into the range; what is no number is refused all the same."""
    api = client(sandbox("--out-of-range", "clamp").url)
    assert api.post("new", activity_idle_timeout=asked).status == status


def test_a_slot_may_lag(sandbox: Sandboxes, client: Clients) -> None:
    """Stopped, and still holding the only slot."""
    api = client(sandbox("--slot-lag", "60", "--limit", "1").url)
    session_id = api.open()
    api.post("stop", session_id=session_id)
    assert list(api.listed()) == [session_id]
    assert api.post("new").status == 429


def test_a_refusal_may_tell_when_to_come_again(sandbox: Sandboxes, client: Clients) -> None:
    """Retry-After in whole seconds, rounded up, and heard by the harness."""
    url = sandbox("--retry-after", "1.5", "--limit", "1").url
    client(url).open()
    (answer,) = meanings(url, Operation.NEW, 1)
    assert (answer.status, answer.retry_after) == (429, 2.0)


def test_there_may_be_no_list(sandbox: Sandboxes, client: Clients) -> None:
    """404, and everything else works."""
    api = client(sandbox("--no-list").url)
    api.open()
    assert api.get("/v1/streaming.list").status == 404


def test_a_keep_alive_may_not_count_while_new(sandbox: Sandboxes, client: Clients, tmp_path: Path) -> None:
    """It succeeds; the truth is in the log: no activity before start."""
    log = tmp_path / "truth.jsonl"
    api = client(sandbox("--new-is-not-kept-alive", "--log", str(log)).url)
    session_id = api.open()
    assert api.post("keep_alive", session_id=session_id).status == 200
    api.post("start", session_id=session_id)
    assert api.post("keep_alive", session_id=session_id).status == 200
    api.post("stop", session_id=session_id)
    until = time.monotonic() + BOUND
    while '"closed"' not in log.read_text():
        assert time.monotonic() < until
        time.sleep(0.02)
    assert log.read_text().count('"activity"') == 2


def test_a_reset_is_a_reset(sandbox: Sandboxes) -> None:
    """A client of another make sees a broken connection too, and the sandbox goes on."""
    url = sandbox("--defect", "flaky=1", "--seed", "1").url
    seen = set()
    for _ in range(40):
        try:
            answer = requests.post(f"{url}/v1/streaming.new", headers={"x-api-key": "k"}, json={}, timeout=BOUND)
            seen.add(answer.status_code)
        except requests.RequestException as error:
            seen.add(type(error).__name__)
    assert seen == {503, 200, "ConnectionError", "ChunkedEncodingError"}


LIVE = {
    "none": (),
    "a cut timeout": ("timeout-clamped=2.2", "slow-new=1.2", "error-in-200"),
    "an early reaper": ("early-reap=1", "limit-short=5", "slow-down=60"),
    "deaf to keep-alives": ("keepalive-ignored", "slot-lag=1", "leak-memory=2"),
    "a cap": ("hidden-cap=4", "flaky=0.05"),
    "a late reaper": ("late-reap=1.5", "ghost-on-stop=0.3"),
    "no reaper": ("never-reap", "lost-answer=0.2"),
    "hanging": ("hang=0.03",),
    "a list that omits": ("list-omits=0.05", "clock-ahead=3600"),
    "an id given twice": ("repeated-id=0.1",),
}
"""Live runs: each defect in one of them, beside others that it can be told from."""
_ALWAYS = ("none", "a cut timeout", "deaf to keep-alives", "a late reaper", "a list that omits")
"""In `make test`; the others, which virtual time shows as well (tests/matrix), in `make test-thorough`."""
VIRTUAL = {
    "stop-ignored",
    "limit-drops",
    "end-lag",
    "hidden-slot-lag",
    "list-lag",
    "list-ended",
    "list-empty",
    "list-partial",
}
"""Only in virtual time (tests/matrix): a live run of half a minute is too short to tell them."""


@pytest.mark.parametrize(
    "name", [name if name in _ALWAYS else pytest.param(name, marks=pytest.mark.thorough) for name in LIVE]
)
def test_each_defect_is_found_live(tmp_path: Path, name: str) -> None:
    """Real Locust, real sandbox: found by its own name, and no problem that none of them accounts for."""
    options = [part for defect in LIVE[name] for part in ("--defect", defect)]
    run = run_locust(tmp_path, str(SCENARIOS / "defects.toml"), *options)
    findings = run.summary["findings"]
    expected = [EXPECTED[defect.partition("=")[0]] for defect in LIVE[name]]
    names = {finding["name"] for finding in findings if finding["severity"] != "unknown"}
    assert {one.finding for one in expected} - {""} <= names, run.output
    # How late the generator was is the machine's business.
    problems = {f["name"] for f in findings if f["severity"] in ("problem", "unknown") and f["owner"] != "generator"}
    accounted = {own for one in expected for own in (one.finding, *one.beside)}
    assert problems <= accounted, [finding for finding in findings if finding["name"] in problems - accounted]
    assert read_manifest(run.folder).defects_injected == tuple(map(str, parse_defects(LIVE[name])))


def test_each_defect_is_live_once() -> None:
    """None is left out."""
    assert {defect.partition("=")[0] for defects in LIVE.values() for defect in defects} == set(EXPECTED) - VIRTUAL


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("sandbox", "--defect", "late-reaper=3"), "did you mean 'late-reap'?"),
        (("sandbox", "--defect", "limit-short=3"), "requires an account with a limit"),
        (("sandbox", "--slot-lag", "-1"), "--slot-lag"),
        (("simulate", "smoke", "--defect", "hang=2"), "at most 1"),
        (("simulate", "smoke", "--defect", "limit-short=25"), "must be less than the limit"),
        (("audit", "--defect", "slow-new", "--", "true"), "slow-new=VALUE"),
    ],
)
def test_a_wrong_defect_is_told_before_anything_runs(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    """One message with what would be right, exit code 64, no directory made."""
    done = streamsoak(*arguments, folder=tmp_path)
    assert (done.returncode, done.stdout) == (64, ""), done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_defect_of_no_sandbox_is_refused(tmp_path: Path) -> None:
    """With --host there is no sandbox of ours to have it."""
    options = ("--headless", "--host", "http://127.0.0.1:1", "--scenario", "smoke", "--defect", "slow-new=1")
    process = start_locust(tmp_path, *options)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 64, output
    assert "--defect" in output


def test_the_manifest_keeps_what_was_injected(tmp_path: Path) -> None:
    """Of a simulated run and of an audit; the report does not read it."""
    injected = ("--defect", "slow-new=2", "--defect", "never-reap")
    done = streamsoak("simulate", "smoke", "--duration", "5s", *injected, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    losing = ("--defect", "fail-start=0.5", "--lose-answer", "0.25")
    streamsoak("audit", "--quick", *losing, "--", "true", folder=tmp_path)
    kept = {read_manifest(run).defects_injected for run in (tmp_path / "runs").iterdir()}
    assert kept == {("slow-new=2", "never-reap=1"), ("lost-answer=0.25", "fail-start=0.5")}
