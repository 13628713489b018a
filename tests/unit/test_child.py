"""Child processes: who gets the API key, and that stopping one has a bound."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from gevent import subprocess as gevent_subprocess

from loadtests.processes.child import close_input, start_module, stop, with_key

POPENS = pytest.mark.parametrize("popen", [subprocess.Popen, gevent_subprocess.Popen])
STUBBORN = """import signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(60)"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module that prints its environment's key and its session, for `start_module`."""
    text = "import os\nprint(os.environ.get('KONPRO_API_KEY'), os.getsid(0) == os.getpid())\n"
    (tmp_path / "child_of_test.py").write_text(text)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("KONPRO_API_KEY", "secret")
    return "child_of_test"


@POPENS
def test_a_child_gets_no_key_unless_it_is_asked_for(module: str, popen: Any) -> None:
    """It runs in a session of its own."""
    without = start_module(module, popen=popen, stdout=subprocess.PIPE)
    assert without.communicate()[0].split() == [b"None", b"True"]
    having = start_module(module, environment=with_key(), popen=popen, stdout=subprocess.PIPE)
    assert having.communicate()[0].split() == [b"secret", b"True"]


def _stubborn(popen: Any) -> Any:
    process = popen(
        [sys.executable, "-c", STUBBORN],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout.readline() == b"ready\n"
    return process


@POPENS
def test_a_process_that_ignores_sigterm_is_killed(popen: Any) -> None:
    """After the bound, not before."""
    process, began = _stubborn(popen), time.monotonic()
    assert stop(process, seconds=0.3) == -signal.SIGKILL
    assert 0.3 <= time.monotonic() - began < 5
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


@POPENS
def test_a_process_that_ended_is_not_signalled(popen: Any) -> None:
    """Its id may be another's by now."""
    process = popen([sys.executable, "-c", "import sys; sys.exit(3)"], start_new_session=True)
    process.wait()
    assert stop(process) == 3


@POPENS
@pytest.mark.parametrize(("program", "code"), [("sys.stdin.read()", 0), ("time.sleep(60)", -signal.SIGTERM)])
def test_a_process_that_does_not_end_with_its_input_is_stopped(program: str, code: int, popen: Any) -> None:
    """Until then it has the time that it was given."""
    command = [sys.executable, "-c", f"import sys, time; {program}"]
    process = popen(command, stdin=subprocess.PIPE, start_new_session=True)
    assert close_input(process, 3.0) == code
