"""The first commands of a new user: init, run, runs, and `latest` for the newest run."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .crew import streamsoak

MISTAKE = 64


def _streamsoak(cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return streamsoak(*arguments, cwd=cwd)


def test_from_nothing_to_a_judged_run(tmp_path: Path) -> None:
    """What init writes is valid, and runs by the command that it prints; the run is found as the latest."""
    made = _streamsoak(tmp_path, "init")
    assert made.returncode == 0, made.stderr
    assert "Next: streamsoak run soak --sandbox --headless" in made.stdout.splitlines()
    valid = _streamsoak(tmp_path, "profiles", "profiles/scenarios/soak.toml", "profiles/visitor.toml")
    assert valid.stdout.count(": OK") == 2, valid.stderr
    run = _streamsoak(tmp_path, "run", "soak", "--sandbox", "--headless", "-t", "4s", "--observe", "0")
    assert run.returncode in (0, 2), run.stdout + run.stderr
    (folder,) = (tmp_path / "runs").iterdir()
    listed = _streamsoak(tmp_path, "runs")
    assert (folder.name in listed.stdout, "inconclusive" in listed.stdout) == (True, run.returncode == 2)
    assert "--run-time: The load ends after 4 s of 1 min." in run.stderr
    assert _streamsoak(tmp_path, "report", "latest", "--csv").returncode == 0
    assert (folder / "sessions.csv").exists()
    assert _streamsoak(tmp_path, "check", folder.name).returncode == run.returncode


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    """One file that is there: it is named, and none is written."""
    (tmp_path / "locustfile.py").write_text("mine")
    refused = _streamsoak(tmp_path, "init")
    assert refused.returncode == MISTAKE
    assert "locustfile.py already exists" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["locustfile.py"]
    assert (tmp_path / "locustfile.py").read_text() == "mine"


def test_a_scenario_of_another_folder_finds_its_profiles(tmp_path: Path) -> None:
    """Beside it, in `profiles`."""
    assert _streamsoak(tmp_path, "init", "there").returncode == 0
    assert _streamsoak(tmp_path, "inspect", "there/profiles/scenarios/soak.toml").returncode == 0


@pytest.mark.parametrize("command", ["check", "report", "plan", "sweep"])
def test_latest_without_a_run_is_a_mistake(tmp_path: Path, command: str) -> None:
    """One sentence, and the documented code."""
    refused = _streamsoak(tmp_path, command, "latest")
    assert refused.returncode == MISTAKE
    assert "there is no run in runs/ yet" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_runs_without_a_run_says_how_to_make_one(tmp_path: Path) -> None:
    """The empty state."""
    listed = _streamsoak(tmp_path, "runs")
    assert listed.returncode == 0
    assert "streamsoak run demo --sandbox --headless" in listed.stdout


def test_help_shows_our_options(tmp_path: Path) -> None:
    """Of `streamsoak run` first, of Locust's last; and no other command of Locust's shows them."""
    from loadtests.plugin.option_table import OPTIONS

    shown = _streamsoak(tmp_path, "run", "--help").stdout
    assert [name for name in OPTIONS if name not in shown] == []
    assert "locust --help" in shown
    helps, versions = (
        subprocess.run(
            [sys.executable, "-m", "locust", option], capture_output=True, text=True, check=True, cwd=tmp_path
        )
        for option in ("--help", "--version")
    )
    _, _, ours = helps.stdout.partition("options of streamsoak")
    assert [name for name in ("--scenario", *OPTIONS) if name not in ours] == []
    assert "streamsoak" not in versions.stdout.partition(" from ")[0]


_ASK = {
    "bash": 'source "$0"; COMP_WORDS=($1); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _shtab_streamsoak; echo "${COMPREPLY[@]}"',
    "fish": 'source $argv[1]; complete -C "streamsoak $argv[2]"',
}
"""What a shell runs to complete a line, by shell. zsh completes at a terminal only: its script is parsed."""
_RUN = "20261130-101500-demo"
_COMPLETED = {
    "ins": "inspect",
    "run smo": "smoke",
    "run smoke --max-o": "--max-open",
    "plan lat": "latest",
    "check 2026": _RUN,
}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_subcommands_options_scenarios_and_runs(tmp_path: Path, shell: str) -> None:
    """In the real shell, where it is installed."""
    script = tmp_path / f"streamsoak.{shell}"
    script.write_text(_streamsoak(tmp_path, "completion", shell).stdout)
    assert len(script.read_text()) > 5000
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    subprocess.run([shell, "-n", str(script)], check=True, timeout=30)
    (tmp_path / "runs" / _RUN).mkdir(parents=True)
    for line, completed in _COMPLETED.items() if shell in _ASK else ():
        words = f"streamsoak {line}" if shell == "bash" else line
        asked = subprocess.run(
            [shell, "-c", _ASK[shell], str(script), words], capture_output=True, text=True, check=True, cwd=tmp_path
        )
        assert completed in asked.stdout, f"{line}: {asked}"
