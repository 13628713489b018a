"""The wheel, installed beside a project with packages named loadtests, reports, profiles, tests, and a csv.py."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from .locust_run import ROOT

pytestmark = pytest.mark.xdist_group("wheel")
_SOURCES = ("loadtests", "reports", "profiles", "pyproject.toml", "setup.py", "README.md")
"""What docs/deploy/Dockerfile copies, too."""
_NAMESAKES = ("loadtests", "reports", "profiles", "tests")
_CLIENT_TEST = """
import loadtests, profiles, reports, tests


def test_a_client(session_audit):
    assert all(module.OWN for module in (loadtests, profiles, reports, tests))
    assert session_audit.open_sessions() == []
"""
_TYPED = """
from streamsoak.pytest_plugin import SessionAudit
from streamsoak.users import Behaviour, StreamingUser, Visitor


class Curious(StreamingUser):
    profile = {"idle_timeout": 60}

    def visit(self, visitor: Visitor) -> Behaviour:
        yield from visitor.say(words="twelve")


def look(audit: SessionAudit) -> None:
    reveal_type(audit.open_sessions())
"""


class Installed:
    """A virtual environment with the wheel, and a project of a user's."""

    def __init__(self, folder: Path) -> None:
        self.wheel = _build(folder)
        self.project = folder / "project"
        self._bin = _environment(folder / "venv", self.wheel)
        self.project.mkdir()
        (self.project / "csv.py").write_text("raise RuntimeError('imported instead of the standard library')\n")
        for name in _NAMESAKES:
            (self.project / name).mkdir()
            (self.project / name / "__init__.py").write_text("OWN = True\n")

    def run(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs a console script, or a module as if its console script were installed, in the project."""
        script = self._bin / command
        start = [str(script)] if script.exists() else [str(self._bin / "python"), "-P", "-m", command]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return subprocess.run(
            [*start, *arguments],
            cwd=self.project,
            env={**environment, "PATH": f"{self._bin}{os.pathsep}{environment['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


def _build(folder: Path) -> Path:
    """Returns the wheel, built from a copy without the network: pip builds where the sources are."""
    sources = folder / "sources"
    sources.mkdir()
    for name in _SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, sources / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, sources / name)
    _pip("wheel", "--no-build-isolation", "--no-deps", "--wheel-dir", str(folder), str(sources))
    (wheel,) = folder.glob("*.whl")
    return wheel


def _environment(venv: Path, wheel: Path) -> Path:
    """Returns the folder of programs of a new virtual environment: the wheel, and the dependencies of this environment."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True, timeout=60)
    (site,) = venv.glob("lib/python*/site-packages")
    # Added behind its own packages. The editable install of the other environment is not: nothing reads its .pth file.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    _pip("--python", str(venv), "install", "--no-deps", "--no-index", "--force-reinstall", str(wheel))
    return venv / "bin"


def _pip(*arguments: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments],
        check=True,
        capture_output=True,
        timeout=120,
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """One for all tests of this module."""
    return Installed(tmp_path_factory.mktemp("wheel"))


def test_the_wheel_has_one_package_of_its_own_name(installed: Installed) -> None:
    """No other top-level name, the types, and no import of a name of the repository."""
    (site,) = installed.project.parent.glob("venv/lib/python*/site-packages")
    assert {path.name for path in site.glob("*") if path.name in _NAMESAKES} == set()
    package = site / "streamsoak"
    assert (package / "py.typed").exists()
    texts = {path: path.read_text(encoding="utf-8") for path in package.rglob("*.py")}
    assert len(texts) > 300
    old = re.compile(r"^\s*(?:from|import) (?:loadtests|reports|profiles)\b", re.MULTILINE)
    assert [path for path, text in texts.items() if old.search(text)] == []


def test_everything_that_the_repository_has_is_in_the_wheel(installed: Installed) -> None:
    """Modules, templates, pages, profiles, files of `init`."""
    (site,) = installed.project.parent.glob("venv/lib/python*/site-packages")
    sources = installed.project.parent / "sources"
    missing = [
        path.relative_to(sources)
        for folder in ("loadtests", "reports", "profiles")
        for path in (sources / folder).rglob("*")
        if path.is_file() and "loadtests/streamsoak" not in str(path)
        if not (site / "streamsoak" / path.relative_to(sources)).exists()
    ]
    assert missing == []


def test_from_init_to_a_report_beside_namesakes(installed: Installed) -> None:
    """`init`, the run that it names, `simulate`, `report`, and Locust with the locustfile that was written."""
    made = installed.run("streamsoak", "init", "soak")
    assert made.returncode == 0, made.stderr
    locustfile = (installed.project / "soak" / "locustfile.py").read_text()
    assert "from streamsoak.users import install" in locustfile
    run = installed.run(
        "streamsoak",
        "run",
        "soak/profiles/scenarios/soak.toml",
        "--sandbox",
        "--headless",
        "--only-summary",
        "-t",
        "3s",
        "--observe",
        "0",
    )
    assert run.returncode in (0, 2), run.stdout + run.stderr
    (folder,) = (installed.project / "runs").iterdir()
    assert (folder / "report.html").exists() and (folder / "summary.json").exists()
    simulated = installed.run("streamsoak", "simulate", "smoke", "--run-dir", "simulated")
    assert simulated.returncode in (0, 1, 2), simulated.stderr
    (folder,) = (installed.project / "simulated").iterdir()
    report = installed.run("streamsoak", "report", str(folder))
    assert report.returncode == 0, report.stderr
    listed = installed.run("locust", "-f", "soak/locustfile.py", "--list")
    assert {"Interactive", "SeedExample"} <= set(re.findall(r"\w+", listed.stdout)), listed.stderr


def test_pytest_starts_and_has_the_fixture(installed: Installed) -> None:
    """The project's own packages are the ones that its tests import."""
    (installed.project / "tests" / "test_client.py").write_text(_CLIENT_TEST)
    done = installed.run("pytest", "-q", "-p", "no:cacheprovider", "tests")
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_mypy_sees_the_types(installed: Installed) -> None:
    """py.typed: a wrong type in a user's file is found."""
    (installed.project / "typed.py").write_text(_TYPED)
    done = installed.run("mypy", "--strict", "typed.py")
    assert done.stdout.count("error: ") == 1 and 'to "say" of "Visitor" has incompatible type "str"' in done.stdout, (
        done.stdout
    )
    assert 'Revealed type is "list[str]"' in done.stdout.replace("builtins.", ""), done.stdout + done.stderr
