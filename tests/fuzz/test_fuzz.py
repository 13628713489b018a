"""Profiles, scenarios, manifests, event logs and ledgers that nobody would write: the command line stands them."""

from __future__ import annotations

import contextlib
import io
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loadtests.cli.__main__ import main
from loadtests.recording.ledger import LedgerContents, ledgers, read_ledgers
from tests.examples import examples

from .events import DOCUMENTED
from .mutate import CORPUS, mutated

pytestmark = pytest.mark.faults

HANG_SECONDS = 30
ROOT = Path(__file__).parents[2]
quick = settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
slow = settings(max_examples=examples(10), deadline=None, suppress_health_check=[HealthCheck.too_slow])


@contextlib.contextmanager
def patience() -> Iterator[None]:
    """What takes longer than half a minute hangs."""

    def fail(*_: object) -> None:
        raise AssertionError(f"longer than {HANG_SECONDS} s")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(HANG_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def says(*arguments: str) -> str:
    """What a subcommand says to this; its exit code is one of those that are documented."""
    said = io.StringIO()
    with patience(), contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = main(arguments)
    assert code in DOCUMENTED, said.getvalue()
    assert "Traceback" not in said.getvalue()
    assert code == 0 or said.getvalue().strip()
    return said.getvalue()


@contextlib.contextmanager
def a_file(name: str, data: bytes) -> Iterator[Path]:
    """A file of that name in a directory of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        yield path


@quick
@given(data=mutated("profile.toml"))
def test_profiles(data: bytes) -> None:
    """Each mistake is told, or it is none."""
    with a_file("strange.toml", data) as path:
        assert str(path) in says("profiles", str(path))


@quick
@given(data=mutated("scenario.toml"))
def test_scenarios(data: bytes) -> None:
    """Read as a scenario, whatever is left of it."""
    with a_file("strange.toml", data) as path:
        assert str(path) in says("profiles", str(path))


@slow
@given(data=mutated("scenario.toml"))
def test_plans(data: bytes) -> None:
    """What can be read can be planned, in bounded time."""
    with a_file("strange.toml", data) as path:
        says("inspect", str(path))


@slow
@given(data=mutated("manifest.json"))
def test_manifests(data: bytes) -> None:
    """A run whose manifest is damaged is judged by what it says, or not at all."""
    with a_file("manifest.json", data) as path:
        shutil.copy(CORPUS / "events.arrow", path.parent)
        says("check", str(path.parent))


@quick
@given(data=mutated("ledger.jsonl") | st.binary(max_size=200))
def test_ledgers(data: bytes) -> None:
    """Damaged lines are passed over; what comes out are numbers and ids, and nothing that both is open and closed."""
    with a_file("ledger.jsonl", data) as path:
        books = read_ledgers(ledgers(path.parent))
        assert all(type(number) is int and type(one) is str for number, one in books.open.items())
        assert not books.closed & books.open.keys()
        again = LedgerContents()
        again.merge(books)
        assert again.open == books.open


@slow
@given(data=mutated("ledger.jsonl"))
def test_sweeps(data: bytes) -> None:
    """A sweep by a damaged ledger, of a run whose sandbox has gone."""
    with a_file("ledger.jsonl", data) as path:
        manifest = (CORPUS / "manifest.json").read_text(encoding="utf-8")
        manifest = manifest.replace('"simulated": true', '"simulated": false')
        manifest = manifest.replace('"none: simulated"', '"http://127.0.0.1:1"')
        (path.parent / "manifest.json").write_text(manifest, encoding="utf-8")
        assert "Closed 0 sessions" in says("sweep", str(path.parent))


@pytest.mark.timeout(300)
def test_event_logs() -> None:
    """In a process of its own, since a damaged Arrow file may take the process with it."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.events", "0", str(examples(20))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


@pytest.mark.parametrize(
    ("name", "subcommand"), [("profile.toml", "profiles"), ("scenario.toml", "inspect"), ("manifest.json", "check")]
)
def test_as_a_real_command(name: str, subcommand: str, tmp_path: Path) -> None:
    """Bytes that are no text, by the command that a user types."""
    path = tmp_path / name
    path.write_bytes((CORPUS / name).read_bytes()[:200] + b"\xff\xfe\x00[[[[" + b"{" * 5000)
    asked = tmp_path if name == "manifest.json" else path
    done = subprocess.run(
        [sys.executable, "-m", "loadtests.cli", subcommand, str(asked)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 64, done.stderr
    assert str(path) in done.stderr
    assert "Traceback" not in done.stderr
