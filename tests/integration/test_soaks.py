"""The scenarios for pipelines hold in virtual time; the workflow in docs/ is one, and says what the command lines take."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from loadtests.cli.__main__ import build_parser, main
from loadtests.scenarios.catalogue import named_scenario

from .locust_run import ROOT

WORKFLOW = ROOT / "docs" / "github-actions.yml"


@pytest.mark.parametrize(("name", "seconds"), [("ci-soak", 600.0), ("nightly-soak", 8.1 * 3600)])
def test_a_soak_lasts_as_long_as_its_name_says(name: str, seconds: float) -> None:
    """Its end included; and it has gates."""
    scenario = named_scenario(name)
    assert 0.95 * seconds <= scenario.duration + scenario.observe <= seconds
    assert len(scenario.gates) > 5


def test_the_ci_soak_passes_against_the_rules(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Ten minutes in virtual time; a defect that it is there for makes it fail."""
    assert main(["simulate", "ci-soak", "--run-dir", str(tmp_path / "good")]) == 0
    gates = len(named_scenario("ci-soak").gates)
    assert f"Passed: {gates} of {gates} gates hold." in capsys.readouterr().out
    assert main(["simulate", "ci-soak", "--run-dir", str(tmp_path / "bad"), "--defect", "never-reap"]) == 1
    assert "finding(lingering-sessions) absent (was found)" in capsys.readouterr().out


def test_the_browser_scenario_names_what_browsers_do_and_survives_hidden_tabs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its settings lose nobody; a timeout of a minute loses those whose tab is hidden for long."""
    assert main(["simulate", "browser", "--run-dir", str(tmp_path / "good")]) == 0
    gates = len(named_scenario("browser").gates)
    assert f"Passed: {gates} of {gates} gates hold." in capsys.readouterr().out
    (run,) = (tmp_path / "good").iterdir()
    found = {finding["name"]: finding for finding in json.loads((run / "summary.json").read_text("utf-8"))["findings"]}
    assert {finding["severity"] for finding in found.values()} == {"modelled"}
    assert {"keepalive-throttled", "double-open", "unclosed-sessions"} <= set(found)
    for way in ("double-mount", "reload", "recovery-loop"):
        assert f"by {way}" in found["unclosed-sessions"]["said"]
    short = ["--set", "profiles.tab.idle_timeout=60s"]
    assert main(["simulate", "browser", *short, "--run-dir", str(tmp_path / "bad")]) == 1
    assert "sessions.lost_to_idle == 0 (was" in capsys.readouterr().out


def _workflow() -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    return told


def _steps() -> list[dict[str, Any]]:
    return [step for job in _workflow()["jobs"].values() for step in job["steps"]]


def _commands() -> list[list[str]]:
    lines = [line for step in _steps() for line in step.get("run", "").replace("\\\n", " ").splitlines()]
    plain = [re.sub(r"\$\{\{.*?\}\}|\"?\$\(.*?\)\"?|\$[A-Z_]+", "100", line) for line in lines]
    return [shlex.split(line) for line in plain if line.split()[:1] and line.split()[0] in ("locust", "streamsoak")]


def test_the_workflow_is_one() -> None:
    """By the schema of GitHub's workflows, as a package carries it."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(WORKFLOW)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_key_comes_from_the_environment_alone() -> None:
    """Of the step that needs it, out of a secret; what a run leaves is kept whatever became of it."""
    secret = [step for step in _steps() if "secrets." in str(step)]
    assert secret
    for step in secret:
        assert "secrets." not in step["run"]
        assert step["env"]["KONPRO_API_KEY"] == "${{ secrets.KONPRO_API_KEY }}"
    kept = [step for step in _steps() if "upload-artifact" in step.get("uses", "")]
    assert kept
    assert all(step["if"] == "always()" for step in kept)


def test_the_workflows_commands_take_their_options(tmp_path: Path) -> None:
    """Each is read by the command's own parser."""
    commands = _commands()
    assert {command[0] for command in commands} == {"locust", "streamsoak"}
    for command in commands:
        if command[0] == "streamsoak":
            # There is no latest run here.
            build_parser().parse_args(["some-run" if word == "latest" else word for word in command[1:]])
    code = (
        "import sys, shlex\n"
        "from loadtests.plugin.options import read_people\n"
        "from locust import argument_parser\n"
        "for line in sys.stdin:\n"
        "    words = shlex.split(line)[1:]\n"
        "    read_people(words)\n"
        "    unknown = argument_parser.get_parser().parse_known_args(words)[1]\n"
        "    assert not unknown, unknown\n"
    )
    lines = "".join(f"{shlex.join(command)}\n" for command in commands if command[0] == "locust")
    done = subprocess.run(
        [sys.executable, "-c", code], input=lines, capture_output=True, text=True, check=False, cwd=ROOT, timeout=60
    )
    assert done.returncode == 0, done.stderr
