"""`streamsoak audit` lets the usual client in, and names what it did wrong: pages of other origins, tokens, calls by wrong names,
commands that return before their client ends.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pyarrow as pa
import pytest

from .audits import BOUND_SECONDS, CLIENTS, COMMAND, Audit, environment


def test_a_page_that_calls_the_api_itself(audit: Audit, chromium: str, tmp_path: Path) -> None:
    """Preflights are no calls, answers and refusals can be read, a request with keepalive closes the session of a tab that is
    closed; a page with the key itself is named.
    """
    told = tmp_path / "told.json"
    done = audit([sys.executable, str(CLIENTS / "page.py"), chromium, str(told)], "--quick")
    assert json.loads(told.read_text(encoding="utf-8")) == [
        {},
        {"missing": [404, "Session not found"]},
        {"missing": [404, "Session not found"]},
    ], done.said
    assert [session["closed_by"] for session in done.sessions] == ["client"] * 3
    assert [list(session["facts"]) for session in done.sessions] == [[], [], ["key-in-page"]]
    assert done.findings == ["calls-without-session", "key-in-page"]
    # create_token twice; new, start and stop three times; two tasks of no session.
    assert done.result["audit"]["calls"] == 2 + 9 + 2


def test_misuses_are_named_with_their_session(audit: Audit) -> None:
    """Each with what would be right; none is said twice."""
    done = audit([sys.executable, str(CLIENTS / "misuses.py")], "--quick")
    assert "did you mean POST /v1/streaming.stop?" in done.said
    said = {finding["name"]: finding for finding in done.result["findings"]}
    assert set(said) == {
        "unclosed-sessions",
        "token-reuse",
        "unknown-calls",
        "calls-without-session",
        "misnamed-fields",
        "unauthorized-calls",
    }
    first, second = (session["session"] for session in done.sessions)
    assert said["token-reuse"]["sessions"] == said["misnamed-fields"]["sessions"] == [first]
    assert said["unknown-calls"]["sessions"] == [first, second]
    assert said["unauthorized-calls"]["sessions"] == [second]
    facts = [session["facts"] for session in done.sessions]
    assert facts[0]["token-reuse"].startswith("1 new, 1 start")
    assert "activityIdleTimeout in new (the API's name is activity_idle_timeout)" in facts[0]["misnamed-fields"]
    assert "POST /v1/streaming.close is no call of the API" in facts[0]["unclosed-sessions"]
    assert "its stop was refused for its key" in facts[1]["unclosed-sessions"]
    assert "//v1/streaming.task/ (did you mean POST /v1/streaming.task?)" in said["unknown-calls"]["said"]
    advice = said["unauthorized-calls"]["advice"]
    assert "streaming.create_token" in advice
    assert "sendBeacon" in advice
    (events,) = done.folder.glob("events*.arrow")
    with pa.ipc.open_stream(events) as stream:
        assert "unreadable-request" in stream.read_all()["kind"].to_pylist()


def test_a_command_that_returns_is_waited_for(audit: Audit) -> None:
    """Its client calls the API later, in a session of its own."""
    later = f"sleep 0.7; exec {sys.executable} {CLIENTS / 'clean.py'} 1"
    done = audit(["sh", "-c", f"setsid sh -c '{later}' >/dev/null 2>&1 &"], "--quick")
    assert (done.code, done.findings) == (0, []), done.said
    assert [session["closed_by"] for session in done.sessions] == ["client"]
    assert "still running" in done.said


@pytest.mark.parametrize("ends", ["quiet", "interrupt"])
def test_what_a_command_leaves_running_is_stopped(tmp_path: Path, ends: str) -> None:
    """When no call came for as long as --wait says, or at Ctrl-C; found by its group or by the key in its environment."""
    wait, how = ("1s", "env={}") if ends == "quiet" else ("1h", "start_new_session=True")
    program = [sys.executable, "-c", "import time\nprint('up', flush=True)\ntime.sleep(60)"]
    start = f"import subprocess, sys; subprocess.Popen(sys.argv[1:], {how})"
    command = [*COMMAND, f"--wait={wait}", f"--run-dir={tmp_path}", "--", sys.executable, "-c", start, *program]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    ) as audit:
        try:
            assert audit.stdout
            assert audit.stderr
            assert any(line == "up\n" for line in audit.stdout)
            told = next(line for line in audit.stderr if "still running" in line)
            pid = int(told.partition(")")[0].rpartition(" ")[2])
            if ends == "interrupt":
                audit.send_signal(signal.SIGINT)
            output, errors = audit.communicate(timeout=BOUND_SECONDS)
        finally:
            audit.kill()
    assert audit.returncode == 2, output + errors
    assert "1 process was still running and was stopped" in errors
    assert not psutil.pid_exists(pid)
