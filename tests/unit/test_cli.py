"""The command line: a mistake of the user's is one clear message, exit code 64 and no traceback."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from loadtests.cli.__main__ import build_parser, main
from loadtests.cli.run import completed

SUBCOMMANDS = ("sandbox", "audit", "inspect", "simulate", "report", "check", "compare", "profiles")


def streamsoak(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run `streamsoak` in this process, in the directory `folder`."""
    said, errors = io.StringIO(), io.StringIO()
    with contextlib.chdir(folder or Path.cwd()), redirect_stdout(said), redirect_stderr(errors):
        try:
            code = main(arguments)
        except SystemExit as end:
            code = int(end.code or 0)
    return subprocess.CompletedProcess(arguments, code, said.getvalue(), errors.getvalue())


def streamsoak_process(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `streamsoak` as a process of its own, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "loadtests.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "COLUMNS": "200", **environment},
    )


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that breaks no line."""
    monkeypatch.setenv("COLUMNS", "200")


def assert_mistake(done: subprocess.CompletedProcess[str], *says: str, code: int = 64) -> None:
    """It ended as the user's mistake, said `says`, and showed none of its insides."""
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert 'File "' not in done.stderr
    assert "Internal error" not in done.stderr
    for text in says:
        assert text in done.stderr


@pytest.mark.parametrize("subcommand", [None, *SUBCOMMANDS])
def test_help_is_printed(subcommand: str | None) -> None:
    """`--help` works for the command and for each subcommand."""
    done = streamsoak(*filter(None, (subcommand, "--help")))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: streamsoak")
    for name in SUBCOMMANDS if subcommand is None else ():
        assert name in done.stdout


def test_version_is_printed() -> None:
    """`--version` says which streamsoak this is."""
    done = streamsoak_process("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("streamsoak ")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "SUBCOMMAND"),
        (("nonsense",), "nonsense"),
        (("--nonsense",), "SUBCOMMAND"),
        (("sandbox", "--nonsense"), "--nonsense"),
        (("sandbox", "extra"), "extra"),
        (("report",), "RUN"),
        (("check",), "RUN"),
        (("profiles", "--schema", "nonsense"), "nonsense"),
    ],
)
def test_arguments_that_are_none(arguments: tuple[str, ...], says: str) -> None:
    """A wrong command line is told with what is wrong, and where to find help."""
    assert_mistake(streamsoak(*arguments), says, "--help")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("run", "--headless"), ("SCENARIO", "is required with --headless")),
        (("run", "--host", "http://127.0.0.1:1", "--headless"), ("SCENARIO", "before the options")),
        (("check", ""), ("a run is required",)),
        (("inspect", "demo", "--set", "limit=-1"), ("--set: limit: must be 1 or more",)),
        (("simulate", "demo", "--seed=-1"), ("--seed",)),
        (("plan", "latest", "--survives", "99", "nowhere"), ("--survives: must be 0 to 20",)),
        (("init", "/dev/null"), ("/dev/null: ",)),
    ],
)
def test_what_is_missing_or_out_of_range(arguments: tuple[str, ...], says: tuple[str, ...], tmp_path: Path) -> None:
    """One sentence, before anything starts or is written."""
    (tmp_path / "runs" / "20261130-101500-demo").mkdir(parents=True)
    (tmp_path / "runs" / "20261130-101500-demo" / "manifest.json").write_text("{}")
    assert_mistake(streamsoak(*arguments, folder=tmp_path), *says)


def test_a_simulation_that_would_fill_the_disk_does_not_begin(tmp_path: Path) -> None:
    """Thirty years of it: told with what it would take."""
    assert_mistake(
        streamsoak("simulate", "demo", "--duration", "1e9", folder=tmp_path), "is expected to write", code=69
    )
    assert list(tmp_path.iterdir()) == []


def test_files_that_are_none(tmp_path: Path) -> None:
    """A directory with a scenario's name, and bytes that are no text."""
    (tmp_path / "d.toml").mkdir()
    (tmp_path / "bytes.toml").write_bytes(b"# \xff")
    assert_mistake(streamsoak("inspect", "d.toml", folder=tmp_path), "is a directory")
    assert_mistake(streamsoak("inspect", "bytes.toml", folder=tmp_path), "is not UTF-8 text: byte 2 is 0xff")


def test_options_of_run_need_no_scenario() -> None:
    """They are Locust's then, and the web UI opens; help stays ours."""
    assert completed(["run", "--host", "http://a"]) == ["run", "", "--host", "http://a"]
    for words in (["run", "--help"], ["run", "demo", "--headless"], ["run"], ["check", "--json"], []):
        assert completed(words) == words


def test_runs_may_stand_on_both_sides_of_an_option(tmp_path: Path) -> None:
    """In the order in which they were named; an option that is none is still told."""
    parsed = build_parser().parse_args(["plan", "a", "--seed", "2", "b", "c"])
    assert (parsed.runs, parsed.seed) == ([Path("a"), Path("b"), Path("c")], 2)
    assert_mistake(streamsoak("plan", "a", "--seed", "2", "", folder=tmp_path), "a run is required")
    assert_mistake(streamsoak("plan", "a", "--seed", "2", "b", "--nonsense"), "--nonsense")


def test_a_mistake_as_a_process() -> None:
    """The exit code and both streams are those that `main` has within this process."""
    assert_mistake(streamsoak_process("report"), "RUN", "--help")
    assert_mistake(streamsoak_process("check", "/nonexistent"), "no such directory")


@pytest.mark.parametrize("subcommand", ["sandbox", "runs", "record"])
def test_a_subcommand_imports_only_what_it_needs(subcommand: str) -> None:
    """Each start took twice as long with numpy and the options of all others."""
    program = f"import sys; from loadtests.cli.__main__ import build_parser; build_parser(['{subcommand}']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    imported = set(done.stdout.split())
    assert f"loadtests.cli.{subcommand}" in imported
    assert not imported & {"numpy", "pyarrow", "loadtests.cli.fit"}


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--port", "http"),
        ("--port", "65536"),
        ("--limit", "0"),
        ("--limit", "many"),
        ("--session-cap", ""),
        ("--session-cap", "0"),
        ("--session-cap", "nan"),
        ("--session-cap", "never"),
        ("--idle-range", ""),
        ("--idle-range", "60:30"),
        ("--idle-range", "0:30"),
        ("--idle-range", "nan:30"),
        ("--idle-range", "30:inf"),
    ],
)
def test_sandbox_options_out_of_range(option: str, value: str) -> None:
    """A value that the sandbox cannot take is told with its option, and it does not start."""
    assert_mistake(streamsoak("sandbox", f"{option}={value}"), option, value.removesuffix(".0"))


def test_sandbox_log_that_cannot_be_written(tmp_path: Path) -> None:
    """A log in a directory that is not there, or that is a directory, is told before anything is served."""
    assert_mistake(streamsoak("sandbox", "--log", str(tmp_path / "no" / "log")), "--log", str(tmp_path))
    assert_mistake(streamsoak("sandbox", "--log", str(tmp_path)), "--log", str(tmp_path))


@pytest.mark.parametrize("host", ["host.invalid", "http://127.0.0.1", "192.0.2.1", "a" * 64])
def test_sandbox_address_that_is_none_of_ours(host: str) -> None:
    """An address that cannot be listened on is told as what is not available."""
    done = streamsoak("sandbox", "--host", host)
    assert done.returncode in (64, 69)
    assert_mistake(done, host, code=done.returncode)


@pytest.mark.parametrize("subcommand", ["report", "check"])
def test_run_that_is_none(tmp_path: Path, subcommand: str) -> None:
    """A directory that is missing, empty or a file is told to be no run's."""
    file = tmp_path / "file"
    file.write_text("hello")
    empty = tmp_path / "empty"
    empty.mkdir()
    for run in (empty, file):
        assert_mistake(streamsoak(subcommand, str(run)), str(run), "is not a run's directory")
    missing = tmp_path / "emtpy"
    assert_mistake(streamsoak(subcommand, str(missing)), str(missing), f"no such directory; did you mean '{empty}'?")


@pytest.mark.parametrize("manifest", [b"", b"{}", b"\xff\xfe", b"[" * 100_000])
def test_manifest_that_is_damaged(tmp_path: Path, manifest: bytes) -> None:
    """A manifest that cannot be read is told by name."""
    (tmp_path / "manifest.json").write_bytes(manifest)
    assert_mistake(streamsoak("check", str(tmp_path)), str(tmp_path / "manifest.json"))


MANIFEST = """{"run": "r", "host": "http://127.0.0.1", "sandbox": true, "started": "2026-01-01T00:00:00.000+00:00",
"started_unix": 1767225600, "seed": 1, "limit": null, "observe": 0, "poll": 0, "tolerance": 1, "people": {},
"scenario": null, "software": {}}"""


def test_run_without_an_event_log(tmp_path: Path) -> None:
    """A directory with a manifest and no event log is the user's mistake, told by name."""
    (tmp_path / "manifest.json").write_text(MANIFEST)
    assert_mistake(streamsoak("check", str(tmp_path)), str(tmp_path))


@pytest.mark.parametrize("events", [b"", b"not arrow at all", b"\xff\xff\xff\xff\x10\x00\x00\x00"])
def test_event_log_of_which_nothing_can_be_read(tmp_path: Path, events: bytes) -> None:
    """A run that was killed before it wrote anything, or whose log is damaged, is unknown: never a pass, nor a defect."""
    (tmp_path / "manifest.json").write_text(MANIFEST)
    (tmp_path / "events.arrow").write_bytes(events)
    done = streamsoak("check", str(tmp_path))
    assert done.returncode in (2, 64)
    assert "Traceback" not in done.stderr


def test_profiles_are_listed(tmp_path: Path) -> None:
    """Without files the built-in profiles and scenarios are listed, whatever the working directory."""
    done = streamsoak("profiles", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    for name in ("interactive", "leaky", "quiet", "reading", "demo", "smoke"):
        assert name in done.stdout


@pytest.mark.parametrize("of", ["profile", "scenario"])
def test_schema_is_printed(of: str) -> None:
    """`--schema` prints a JSON Schema."""
    done = streamsoak("profiles", "--schema", of)
    assert (done.returncode, done.stderr) == (0, "")
    assert '"properties"' in done.stdout


def test_own_profiles_are_good() -> None:
    """Every profile and scenario that comes along validates; tests of `apis` validate the descriptions of APIs."""
    folder = Path(__file__).parents[2] / "profiles"
    files = [str(file) for pattern in ("*.toml", "scenarios/*.toml") for file in sorted(folder.glob(pattern))]
    done = streamsoak("profiles", *files)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [f"{file}: OK" for file in files]


def test_mistakes_in_files_are_told_all_at_once(tmp_path: Path) -> None:
    """Each mistake of each file is told, with its file and key, and what is good is said to be."""
    one, two, good = tmp_path / "one.toml", tmp_path / "two.toml", tmp_path / "good.toml"
    text = (Path(__file__).parents[2] / "profiles" / "interactive.toml").read_text()
    good.write_text(text)
    one.write_text(text.replace('when = "always"', 'when = "sometimes"').replace("jitter = 0.1", "jitter = 7"))
    two.write_text("about = ")
    done = streamsoak("profiles", str(one), str(good), str(two))
    assert done.stdout == f"{good}: OK\n"
    assert done.returncode == 64
    assert "Traceback" not in done.stderr
    for text in (f"{one}: keep_alive.when", f"{one}: keep_alive.jitter", str(two)):
        assert text in done.stderr


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"a = 1\na = 2", b"=", b"x = " + b"[" * 5000, b""])
def test_profile_that_is_no_profile(tmp_path: Path, content: bytes) -> None:
    """A file that is no TOML, or no profile, is told by name."""
    file = tmp_path / "mine.toml"
    file.write_bytes(content)
    assert_mistake(streamsoak("profiles", str(file)), str(file))


def test_profile_that_is_not_there(tmp_path: Path) -> None:
    """A missing file, or a directory in place of a file, is told by name."""
    for path in (tmp_path / "missing.toml", tmp_path):
        assert_mistake(streamsoak("profiles", str(path)), str(path))


def test_own_folder_of_profiles_with_a_mistake(tmp_path: Path) -> None:
    """A mistake in the user's own `profiles/` is told when they are listed."""
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "mine.toml").write_text('idle_timeout = "a while"')
    done = streamsoak("profiles", folder=tmp_path)
    assert_mistake(done, "mine.toml: idle_timeout")


def test_reader_that_goes_away_is_no_defect() -> None:
    """`streamsoak profiles | head` ends quietly."""
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "wb") as closed:  # noqa: PTH123 - it is a descriptor
        done = subprocess.run(
            [sys.executable, "-m", "loadtests.cli", "profiles", "--schema", "profile"],
            stdout=closed,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
            cwd=Path(__file__).parents[2],
        )
    assert (done.returncode, done.stderr) == (0, "")


def test_terminal_of_few_letters_is_enough() -> None:
    """Where the output can hold ASCII alone, nothing fails."""
    done = streamsoak_process("profiles", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")


def test_what_was_meant_is_suggested(tmp_path: Path) -> None:
    """A subcommand, an option, a scenario, a file."""
    assert_mistake(streamsoak("chekc"), "no subcommand 'chekc'; did you mean 'check'?")
    assert_mistake(streamsoak("check", "run", "--quite"), "'--quite'; did you mean '--quiet'?")
    assert_mistake(streamsoak("inspect", "smok"), "no scenario 'smok'; did you mean 'smoke'?")
    (tmp_path / "mine.toml").write_text("")
    assert_mistake(streamsoak("inspect", str(tmp_path / "mien.toml")), f"did you mean '{tmp_path / 'mine.toml'}'?")
    assert_mistake(streamsoak("inspect", str(tmp_path / "other.toml")), "no file")


def test_a_path_names_one_file(tmp_path: Path) -> None:
    """`./smoke.toml` is not the built-in scenario."""
    assert_mistake(streamsoak("inspect", "./smoke.toml", folder=tmp_path), "no file './smoke.toml'")


def test_a_simulation_exits_as_check_does(tmp_path: Path) -> None:
    """And says which gate failed, with the report's path as the last line."""
    failing = ("--set", "gates=['sessions.opened == 0']")
    done = streamsoak("simulate", "smoke", "--duration", "5s", *failing, "--run-dir", str(tmp_path))
    (run,) = tmp_path.iterdir()
    assert done.returncode == 1
    assert "Failed: sessions.opened == 0" in done.stdout
    assert done.stdout.splitlines()[-1] == f"Report: {run / 'report.html'}"
    checked = streamsoak("check", str(run))
    assert checked.returncode == 1
    assert checked.stdout.splitlines()[-1].startswith("Failed: ")
    quiet = streamsoak("check", str(run), "--quiet")
    assert (quiet.returncode, quiet.stdout) == (1, "")
    assert json.loads(streamsoak("check", str(run), "--json").stdout)["verdict"] == "fail"


def test_a_simulation_that_is_interrupted_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C is no error."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("loadtests.simulation.simulator.Simulator.run", interrupted)
    done = streamsoak("simulate", "smoke", "--run-dir", str(tmp_path))
    assert (done.returncode, done.stderr) == (130, "")
    assert list(tmp_path.iterdir()) == []


def test_a_former_word_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """With what to write; it is still read."""
    file = tmp_path / "mine.toml"
    stages = "[[stages]]\nduration = 10\nload = { quiet = 1 }"
    file.write_text(f"gates = ['latency.new.max < 2s any 5s window']\n{stages}")
    assert streamsoak("profiles", str(file)).returncode == 0
    assert "write 'latency.new.max < 2s every 5s window'" in caplog.text
