"""`streamsoak audit` on real programs, in Python and in Node: verdict, exit code, findings."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from loadtests.model.api.operation import Operation
from loadtests.model.people.draw import Draw
from loadtests.model.people.page import Page, PageState
from loadtests.model.people.profile import KeepAlive
from loadtests.model.session.keepalive import keep_alive_timer
from loadtests.model.session.session import Session
from loadtests.model.session.steps import Call

from ..clients import browser
from ..unit.drive import Driver, yes
from ..unit.test_cli import streamsoak
from .audits import BOUND_SECONDS, CLIENTS, COMMAND, Audit, environment
from .locust_run import ROOT


@pytest.fixture
def node() -> str:
    """Node's path; without it, its tests are skipped loudly."""
    found = shutil.which("node")
    if not found:
        pytest.skip("NO NODE: install Node 20 or newer to run the tests of clients in Node")
    return found


def _python(client: str, *arguments: str) -> list[str]:
    return [sys.executable, str(CLIENTS / client), *arguments]


def test_a_clean_client_in_python(audit: Audit) -> None:
    """Everything closed: exit code 0, nothing found."""
    done = audit(_python("clean.py", "1"))
    assert (done.code, done.findings) == (0, []), done.said
    (session,) = done.sessions
    assert (session["verdict"], session["closed_by"]) == ("closed", "client")
    assert (session["tasks"], session["keep_alives"]) == (1, 1)
    assert done.result["verdict"] == "pass"


def test_a_leaky_client_in_python(audit: Audit) -> None:
    """One of two sessions is watched until the API closes it, to the instant."""
    done = audit(_python("leaky.py", "1"))
    assert (done.code, done.findings) == (1, ["unclosed-sessions"]), done.said
    closed, leaked = done.sessions
    assert (closed["verdict"], leaked["verdict"]) == ("closed", "unclosed-sessions")
    assert leaked["closed_by"] == "API"
    assert leaked["ended"] - leaked["opened"] == pytest.approx(1.0, abs=0.5)
    for text in ("unclosed-sessions", "your client", "streaming.stop", leaked["id"][:8]):
        assert text in done.said


def test_a_real_browser_is_named_and_does_what_the_model_says(audit: Audit, chromium: str, tmp_path: Path) -> None:
    """A page with the vendor's keep-alive: one tab is reloaded, once with a beacon, one is closed, and one is hidden.

    The hidden tab's keep-alives come when the model says. `make witness` hides it for three minutes, for the finding to be named.
    """
    is_long, seen = "STREAMSOAK_WITNESS" in os.environ, tmp_path / "seen.json"
    # In 190 s there are three whole minutes, and so two gaps between them.
    seconds, timeout = ("190", "30") if is_long else ("20", "600")
    done = audit(_python("browser.py", chromium, str(seen), seconds, timeout), "--quick")
    hidden, reloaded, beacon, back, closed = done.sessions
    assert "unclosed-sessions" in reloaded["facts"] and "double-open" in reloaded["facts"], done.said
    assert [session["closed_by"] for session in (beacon, back)] == ["client", "client"]
    assert closed["verdict"] == "unclosed-sessions"
    if is_long:
        assert list(hidden["facts"]) == ["uncovered-quiet-periods", "keepalive-throttled"], done.said
    told = json.loads(seen.read_text(encoding="utf-8"))
    back = told["visible"]
    came = [at for at in told["keep_alives"] if at < back - 0.5]
    # What a page did is seen a little later, and more so on a busy machine.
    modelled = [
        _modelled([at - lag for at in came], told["hidden"] - late, back)
        for lag in (0.0, 0.01, 0.05)
        for late in (0.0, 0.5, 1.0)
    ]
    assert any(came == pytest.approx(times, abs=0.9) for times in modelled), (told, modelled)
    # What is overdue fires when the page is visible again.
    assert any(back - 0.5 <= at < back + 1.5 for at in told["keep_alives"]), told


def _modelled(came: list[float], hidden: float, visible: float) -> list[float]:
    """The keep-alives of such a page by the model, until it is visible. Chromium's clock is the system's."""
    session = Session(1, "tab", 600.0)
    session.record_send(Operation.NEW)
    session.record_answer(Operation.NEW, yes(Call(session, Operation.NEW, 0.0), 0.0))
    session.page = Page(phase=0.0, grace=browser.GRACE_SECONDS)
    session.page.turn(PageState.HIDDEN, hidden, visible)
    every, driver = browser.EVERY_SECONDS, Driver()
    # The least late of the first keep-alives, for which the page was in front.
    began = min(at - every * number for number, at in enumerate(came[:4], start=1))
    driver.run(keep_alive_timer(session, KeepAlive(when="always", every=every), Draw.of(1), began), until=visible - 0.5)
    return driver.times("keep_alive")


def test_quick_does_not_watch(audit: Audit) -> None:
    """With --quick the leak is open at the end, whatever its idle timeout, and found all the same."""
    done = audit(_python("leaky.py", "3599"), "--quick")
    assert (done.code, done.findings) == (1, ["unclosed-sessions"]), done.said
    assert done.sessions[1]["ended"] is None


def test_a_clean_client_in_node(audit: Audit, node: str) -> None:
    """A reader with keep-alives for longer than the idle timeout is no zombie once it has stopped."""
    done = audit([node, str(CLIENTS / "clean.mjs"), "1"])
    assert (done.code, done.findings) == (0, []), done.said
    assert [session["verdict"] for session in done.sessions] == ["closed"]
    assert done.sessions[0]["keep_alives"] >= 3


def test_a_leaky_client_in_node(audit: Audit, node: str) -> None:
    """The timer that survives its person, and the session that nobody closes."""
    done = audit([node, str(CLIENTS / "leaky.mjs"), "1"])
    assert done.code == 1, done.said
    assert done.findings == ["zombie-keepalives", "unclosed-sessions"]
    assert [session["verdict"] for session in done.sessions] == ["zombie-keepalives"]


@pytest.mark.parametrize(
    "start", [[], ["sh", "-c", "trap '' INT; exec \"$@\"", "sh"]], ids=["here", "in-the-background"]
)
def test_a_server_is_ended_by_an_interrupt(tmp_path: Path, start: list[str]) -> None:
    """Ctrl-C reaches the program as one SIGINT, it may clean up, and the audit judges what it saw. A shell's job in the
    background would ignore it, and so would the program.
    """
    program = (
        "import os, requests, time\n"
        "http = requests.Session(); http.trust_env = False\n"
        "http.headers['x-api-key'] = os.environ['KONPRO_API_KEY']\n"
        "call = lambda name, **body: http.post(os.environ['KONPRO_BASE_URL'] + '/v1/streaming.' + name, json=body).json()\n"
        "session_id = call('new')['data']['session_id']\n"
        # Not signal.pause(): an interrupt that comes right before it would be waited for again.
        "try:\n    print('ready', flush=True)\n    for _ in range(1200): time.sleep(0.05)\n"
        "except KeyboardInterrupt:\n    call('stop', session_id=session_id); print('cleaned up', flush=True)\n"
    )
    command = [*start, *COMMAND, f"--run-dir={tmp_path}", "--", sys.executable, "-c", program]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    ) as process:
        assert process.stdout is not None
        assert any(line == "ready\n" for line in process.stdout)
        try:
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=BOUND_SECONDS)
        finally:
            process.kill()
    assert process.returncode == 0, output + errors
    assert "cleaned up" in output
    assert "was interrupted" in errors
    assert "Traceback" not in output + errors


def test_a_failed_start_that_is_not_stopped(audit: Audit) -> None:
    """--fail-start shows whether the client closes what it cannot use."""
    done = audit(_python("leaky.py", "1"), "--fail-start", "1")
    assert done.code == 1
    assert "no-stop-after-failed-start" in done.findings
    cleans_up = audit(_python("clean.py", "1"), "--fail-start", "1", "--ignore-exit-code")
    assert (cleans_up.code, cleans_up.findings) == (0, [])
    assert [session["verdict"] for session in cleans_up.sessions] == ["closed"]


def test_a_client_that_retries_without_a_pause(audit: Audit) -> None:
    """--fail-new shows whether the client backs off; the faults are those of the seed."""
    program = (
        "import os, requests\n"
        "http = requests.Session(); http.trust_env = False\n"
        "http.headers['x-api-key'] = os.environ['KONPRO_API_KEY']\n"
        "for _ in range(5): http.post(os.environ['KONPRO_BASE_URL'] + '/v1/streaming.new', json={})\n"
    )
    done = audit([sys.executable, "-c", program], "--fail-new", "1", "--seed", "7")
    assert (done.code, done.findings) == (1, ["retry-storm"]), done.said
    assert done.result["audit"]["refused_new"] == 5


def test_a_lost_answer_is_not_the_clients_leak(audit: Audit) -> None:
    """--lose-answer: the session is open and the client cannot know; it is told what could have been done."""
    program = (
        "import os, requests\n"
        "http = requests.Session(); http.trust_env = False\n"
        "http.headers['x-api-key'] = os.environ['KONPRO_API_KEY']\n"
        "try:\n    http.post(os.environ['KONPRO_BASE_URL'] + '/v1/streaming.new', json={'activity_idle_timeout': 1}, timeout=1)\n"
        "except requests.Timeout:\n    pass\n"
    )
    done = audit([sys.executable, "-c", program], "--lose-answer", "1")
    assert (done.code, done.findings) == (0, ["lost-answers"]), done.said


def test_the_seeds_example_is_judged_by_what_it_does(audit: Audit) -> None:
    """disable_idle_timeout is told, and an id that was read from the wrong place is found by the calls without one."""
    program = (
        "import os, requests\n"
        "http = requests.Session(); http.trust_env = False\n"
        "http.headers['x-api-key'] = os.environ['KONPRO_API_KEY']\n"
        "url = os.environ['KONPRO_BASE_URL'] + '/v1/streaming.'\n"
        "data = http.post(url + 'new', json={'activity_idle_timeout': 1, 'disable_idle_timeout': True}).json()\n"
        "http.post(url + 'keep_alive', json={'session_id': data.get('session_id')})\n"
    )
    done = audit([sys.executable, "-c", program])
    assert done.code == 1
    assert set(done.findings) == {"unclosed-sessions", "calls-without-session", "deprecated-disable-idle-timeout"}


def test_a_program_that_never_calls_cannot_be_told(audit: Audit) -> None:
    """Exit code 2, and what to look at."""
    done = audit([sys.executable, "-c", "raise SystemExit(3)"])
    assert (done.code, done.sessions) == (2, [])
    assert "ended with exit code 3" in done.said
    assert "KONPRO_BASE_URL" in done.said


def test_the_report_reads_an_audits_directory(audit: Audit) -> None:
    """`report` makes a page of it that speaks of your client, and `check` says what the audit said."""
    done = audit(_python("leaky.py", "1"))
    for subcommand, code in (("report", 0), ("check", 1)):
        command = [sys.executable, "-m", "loadtests.cli", subcommand, str(done.folder)]
        said = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
        assert said.returncode == code, said.stderr
    assert "your client" in said.stdout
    page = (done.folder / "report.html").read_text(encoding="utf-8")
    assert "modelled client" not in page


def test_no_key_and_no_command_is_written_down(audit: Audit) -> None:
    """The made-up key, and what stands on the command line, are in no file of the audit."""
    program = "import os; print('KEY=' + os.environ['KONPRO_API_KEY'], flush=True)"
    done = audit([sys.executable, "-c", program, "secret-of-the-command-line"])
    key = next(line for line in done.said.splitlines() if line.startswith("KEY=")).removeprefix("KEY=")
    for file in done.folder.iterdir():
        content = file.read_bytes()
        assert key.encode() not in content
        assert b"secret-of-the-command-line" not in content


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "COMMAND"),
        (["--"], "COMMAND"),
        (["--", "no-such-command-anywhere"], "no-such-command-anywhere"),
        (["--limit", "0", "--", "true"], "--limit"),
        (["--fail-start", "1.5", "--", "true"], "--fail-start"),
        (["--idle-range", "60:30", "--", "true"], "--idle-range"),
        (["--json", "/no/such/directory/x", "--", "true"], "--json"),
    ],
)
def test_mistakes_are_told_before_anything_runs(tmp_path: Path, arguments: list[str], says: str) -> None:
    """One clear message, exit code 64, no directory made."""
    done = streamsoak("audit", *arguments, folder=tmp_path)
    assert (done.returncode, done.stdout) == (64, ""), done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


_USERS_TESTS = """
import os
import pytest
import requests

def post(url, call, **body):
    with requests.Session() as http:
        http.trust_env = False
        http.headers["Authorization"] = "Bearer " + os.environ["KONPRO_API_KEY"]
        return http.post(f"{url}/v1/streaming.{call}", json=body).json().get("data")

def test_clean(session_audit):
    assert os.environ["KONPRO_BASE_URL"] == session_audit.url
    post(session_audit.url, "stop", session_id=post(session_audit.url, "new")["session_id"])
    assert session_audit.open_sessions() == []

def test_leaky(session_audit):
    print("LEFT", post(session_audit.url, "new")["session_id"])

@pytest.fixture
def client(session_audit):
    session = post(session_audit.url, "new", activity_idle_timeout=5)["session_id"]
    yield session
    post(session_audit.url, "stop", session_id=session)

@pytest.mark.session_audit(limit=1, idle_range=("5s", "1m"), defects=["late-reap=3"])
def test_clean_by_its_fixture(client, session_audit):
    assert session_audit.open_sessions() == [client]
    assert not post(session_audit.url, "new")

@pytest.mark.session_audit(limt=1)
def test_of_no_account(session_audit):
    pass
"""


def test_the_fixture_fails_the_test_that_leaks(tmp_path: Path) -> None:
    """`session_audit` in a user's own tests: the clean one passes, the leaky one is told with the session's id."""
    (tmp_path / "test_users.py").write_text(_USERS_TESTS)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "loadtests.audit.pytest_plugin",
        "-p",
        "no:cacheprovider",
        "-s",
        str(tmp_path),
    ]
    plain = {**environment(), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=plain, cwd=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    # The error is the marker's: a wrong argument.
    assert "1 failed, 2 passed, 1 error" in done.stdout
    assert "unexpected keyword argument 'limt'" in done.stdout
    left = done.stdout.split("LEFT ")[1].split()[0].rstrip("F")
    assert f"sessions left open (no streaming.stop): {left}" in done.stdout


def test_the_fixture_is_an_entry_point() -> None:
    """Pytest finds it by itself wherever streamsoak is installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module = import_module(project["entry-points"]["pytest11"]["streamsoak"])
    assert hasattr(module, "session_audit")


_FAILING = """
import os, sys, requests
url, key = os.environ["KONPRO_BASE_URL"], {"Authorization": "Bearer " + os.environ["KONPRO_API_KEY"]}
new = requests.post(url + "/v1/streaming.new", headers=key, json={}).json()
requests.post(url + "/v1/streaming.stop", headers=key, json={"session_id": new["data"]["session_id"]})
sys.exit(7)
"""


def test_a_program_that_fails_is_not_green(audit: Any) -> None:
    """It closes its session: the audit passes, and the exit code is the program's, unless that is not wanted."""
    command = [sys.executable, "-c", _FAILING]
    failed = audit(command, "--quick")
    assert failed.code == 7
    assert "its exit code is the program's, 7" in failed.said
    assert audit(command, "--quick", "--ignore-exit-code").code == 0
