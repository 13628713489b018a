"""`from loadtests.users import StreamingUser` in a locustfile of one's own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import loadtests.cli.starter
from reports.build import judge_run

from .locust_run import ROOT, Finished, finish, start_locust, truth

_OWN = """
import gevent
from locust import HttpUser, constant, tag, task

from loadtests.users import StreamingUser


class Curious(StreamingUser):
    profile = {"idle_timeout": 40, "arrivals": {"rate": "60/min"}}
    weight = 3
    tags = ("talk",)

    def visit(self, visitor):
        if (yield from visitor.open()):
            yield from visitor.say(words=1)
            yield from visitor.be_quiet(0.5)
            yield from visitor.close()


class Forgetful(Curious):
    def visit(self, visitor):
        yield from visitor.open()


class Tab(StreamingUser):
    profile = {"idle_timeout": 40, "arrivals": {"rate": "60/min"}, "keep_alive": {"when": "always", "every": "700ms"}}
    weight = 3

    def visit(self, visitor):
        if (yield from visitor.open_twice()):
            yield from visitor.hide(1)
            yield from visitor.recover()
            yield from visitor.close()


class Browser(StreamingUser):
    profile = {
        "idle_timeout": 40,
        "session_length": 0.5,
        "arrivals": {"rate": "60/min"},
        "turns": {"thinking": 0.2, "words": 1},
        "leaving": {"double_mount": 0.3, "reload": 0.4, "recovery_loop": 0.3, "error_every": 0.2},
    }
    weight = 3


class Lasting(StreamingUser):
    profile = "interactive"

    def on_start(self):
        gevent.sleep(0.1)
        super().on_start()
        print("a lasting one comes")

    def on_stop(self):
        super().on_stop()
        print("a lasting one goes")


class Ordinary(HttpUser):
    wait_time = constant(0.5)

    @task
    def look(self):
        self.client.get("/v1/streaming/avatar.list", headers={"Authorization": "Bearer x"})
"""


def _run(folder: Path, *options: str, text: str = _OWN) -> Finished:
    (folder / "own.py").write_text(text, encoding="utf-8")
    process = start_locust(
        folder, "--headless", "--sandbox", "--sandbox-log", "truth.jsonl", *options, locustfile=folder / "own.py"
    )
    return finish(process, folder)


def test_own_behaviours_named_profiles_and_http_users_run_together(tmp_path: Path) -> None:
    """One run: each class does its own, and the event log and the report come along."""
    finished = _run(tmp_path, "-u", "18", "-r", "18", "-t", "6s", "--observe", "0")
    sessions = judge_run(finished.folder).sessions
    assert set(sessions[sessions["profile"] == "tab"]["way"].dropna()) == {"double-mount", "recovery-loop", "close"}
    assert {"double-mount", "reload", "recovery-loop"} <= set(
        sessions[sessions["profile"] == "browser"]["way"].dropna()
    )
    assert {"curious", "forgetful"} <= set(sessions["profile"])
    assert set(sessions[sessions["profile"] == "curious"]["way"].dropna()) == {"close"}
    assert set(sessions[sessions["profile"] == "forgetful"]["way"].dropna()) == {"abandon"}
    assert sessions[sessions["profile"] == "curious"]["turns"].max() == 1
    assert "/v1/streaming/avatar.list" in finished.output
    assert finished.output.count("a lasting one comes") == finished.output.count("a lasting one goes") > 0
    assert all("cause" in facts for facts in truth(finished.truth).values())


def test_tags_and_config_users_work(tmp_path: Path) -> None:
    """--tags leaves out whoever has not the tag; --config-users changes weights."""
    config = '{"user_class_name": "Forgetful", "weight": 0}'
    finished = _run(tmp_path, "-u", "4", "-r", "4", "-t", "4s", "--config-users", config, "--", "Curious", "Forgetful")
    assert set(judge_run(finished.folder).sessions["profile"]) == {"curious"}


def test_the_class_list_shows_them() -> None:
    """`locust --list` names a class for each profile."""
    listed = subprocess.run(
        [sys.executable, "-m", "locust", "-f", str(ROOT / "locustfile.py"), "--list"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert {"Interactive", "Leaky", "Quiet", "Reading", "SeedExample"} <= set(re.findall(r"\w+", listed.stdout))


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ('"no-such"', "no profile 'no-such'"),
        ('{"idle_timeout": 5}', "idle_timeout"),
        ('{"idel_timeout": 50}', "idel_timeout"),
    ],
)
def test_a_mistake_in_an_own_profile_is_told_without_a_traceback(tmp_path: Path, profile: str, said: str) -> None:
    """Exit code 64, one message with class and key."""
    text = f"from loadtests.users import StreamingUser\n\nclass Mine(StreamingUser):\n    profile = {profile}\n"
    (tmp_path / "own.py").write_text(text, encoding="utf-8")
    process = start_locust(tmp_path, "--headless", "--sandbox", "-t", "1s", locustfile=tmp_path / "own.py")
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 64, output
    assert said in output
    assert "Traceback" not in output


def test_the_documented_examples_run(tmp_path: Path) -> None:
    """The one in docs/locustfile.md, as it is written there, and the one that `streamsoak init` writes as comments."""
    starter = (Path(loadtests.cli.starter.__path__[0]) / "locustfile.py").read_text(encoding="utf-8")
    _, _, commented = starter.partition("# from streamsoak.users")
    own = re.sub("^# ?", "", f"# from streamsoak.users{commented}", flags=re.MULTILINE)
    blocks = re.findall(
        r"```python\n(.*?)```", (ROOT / "docs" / "locustfile.md").read_text(encoding="utf-8"), flags=re.DOTALL
    )
    (example,) = [block for block in blocks if "StreamingUser" in block]
    finished = _run(tmp_path, "-u", "30", "-r", "30", "-t", "5s", "--observe", "0", text=f"{example}\n{own}")
    assert finished.summary["sessions"]["opened"] > 0, finished.output
    (run,) = (tmp_path / "runs").iterdir()
    people = json.loads((run / "manifest.json").read_text(encoding="utf-8"))["people"]
    assert people.keys() == {"curious", "caller"}
