"""A whole run with every way of leaving: what the harness concluded against what the sandbox wrote down."""

from __future__ import annotations

import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import pytest

from reports.build import judge_run

from .crew import streamsoak
from .locust_run import KEY, SCENARIOS, Finished, finish, misjudged, run_locust, start_locust, truth


@pytest.fixture
def run(every_way: Finished) -> Finished:
    """The run that most tests look at."""
    return every_way


def test_fates_equal_the_sandboxs_own_log_session_by_session(run: Finished) -> None:
    """Every session that the API had, no other, each with the fate that its end had in truth."""
    assert misjudged(run) == {}


def test_every_way_of_leaving_and_most_fates_occurred(run: Finished) -> None:
    """Otherwise the comparison above would show little."""
    sessions = judge_run(run.folder).sessions
    assert {"close", "abandon", "crash", "zombie", "reopen", "impatient"} <= set(sessions["way"].dropna())
    assert {"closed", "censored", "expired", "capped", "leaked-reaped"} <= set(sessions["fate"])
    assert run.summary["concurrency_hits"]["count"] > 0


def test_ends_are_estimated_within_the_polling_interval(run: Finished) -> None:
    """Where the report draws a session's end, against when it really was: within a look at the list and a bit."""
    log_zero = _zero(run)
    sessions = judge_run(run.folder).sessions
    really = truth(run.truth)
    for session, ended in zip(sessions["id"], sessions["ended"], strict=True):
        assert ended + log_zero == pytest.approx(really[session]["closed"], abs=0.8)


def test_nothing_is_left_open_and_the_run_says_how_many_it_closed(run: Finished) -> None:
    """The sandbox's log ends with every session closed, before it was shut down."""
    assert [session for session, facts in truth(run.truth).items() if "cause" not in facts] == []
    assert re.search(
        r"closed \d+ sessions? of users still there, observed \d+ leaks?, swept \d+, left open 0", run.output
    )


def test_sums_close(run: Finished) -> None:
    """Opened is the sum over fates; shares of holders add up to 1."""
    summary = run.summary
    assert summary["sessions"]["opened"] == sum(summary["sessions"]["fates"].values())
    assert sum(summary["concurrency_hits"]["held_by"].values()) == pytest.approx(1, abs=1e-5)


def test_slots_at_the_hits_add_up_to_the_limit(run: Finished) -> None:
    """When the API said that the limit is reached, our account of the slots is full too, but for what is in flight."""
    for episode in judge_run(run.folder).hits.episodes:
        assert sum(episode["held"].values()) == pytest.approx(9, abs=1.5)


def test_the_verdict_is_the_exit_code(run: Finished) -> None:
    """Both gates hold, unless the machine was too busy for the generator; never a failure."""
    verdict = run.summary["verdict"]
    assert run.code == {"pass": 0, "unknown": 2}[verdict], run.output
    assert streamsoak("check", str(run.folder)).returncode == run.code


def test_locusts_own_statistics_count_the_same_requests(run: Finished) -> None:
    """Locust's summary and our log agree on the number of requests."""
    aggregated = re.search(r"Aggregated\s+(\d+)", run.output)
    assert aggregated and int(aggregated[1]) == run.summary["generator"]["requests"]


def test_the_key_is_nowhere(run: Finished) -> None:
    """Not in any file of the run, nor on the terminal."""
    assert KEY not in run.output
    for file in run.folder.rglob("*"):
        if file.is_file():
            assert KEY.encode() not in file.read_bytes(), file


def test_a_report_can_be_rebuilt_from_the_log_alone(run: Finished, tmp_path: Path) -> None:
    """Manifest and events in another directory give the same figures."""
    for name in ("manifest.json", "events.arrow"):
        (tmp_path / name).write_bytes((run.folder / name).read_bytes())
    assert streamsoak("report", str(tmp_path)).returncode == 0
    assert (tmp_path / "summary.json").read_text() == (run.folder / "summary.json").read_text()


def test_intents_come_before_opens_in_the_ledger(run: Finished) -> None:
    """Every session was announced before it was asked for, and every opened one is closed."""
    import msgspec

    lines = [msgspec.json.decode(line) for line in (run.folder / "ledger.jsonl").read_bytes().splitlines()]
    announced: set[int] = set()
    closed: set[int] = set()
    for what, number, *_ in lines:
        if what == "intent":
            announced.add(number)
        assert number in announced
        if what == "closed":
            closed.add(number)
    assert {number for what, number, *_ in lines if what == "open"} == closed


def test_equal_seeds_bring_the_same_people(run: Finished, tmp_path: Path) -> None:
    """Another run with the same seed: stream by stream, the same plans (how long to stay, how to leave)."""
    again = run_locust(tmp_path, str(SCENARIOS / "every-way.toml"))
    first, second = (_plans(finished) for finished in (run, again))
    # Streams begin when Locust spawns them, so the last arrivals may fall on either side of the end.
    common = first & second
    assert len(common) >= 0.8 * max(len(first), len(second))


def test_sigterm_drains_too(tmp_path: Path) -> None:
    """A headless shape that is told to end by SIGTERM closes what it opened, and reports."""
    process = start_locust(
        tmp_path,
        "--headless",
        "--sandbox",
        "--sandbox-log",
        "truth.jsonl",
        "--scenario",
        str(SCENARIOS / "every-way.toml"),
    )
    _await_line(process, "All users spawned")
    process.send_signal(signal.SIGTERM)
    finished = finish(process, tmp_path)
    assert (finished.folder / "report.html").exists()
    assert all("cause" in facts for facts in truth(finished.truth).values())


def test_users_rate_and_time_override_the_stages(tmp_path: Path) -> None:
    """`-u 4 -t 3s` on a scenario of 12 s and 146 users: a small run with the same mix, and no session left."""
    finished = run_locust(tmp_path, str(SCENARIOS / "every-way.toml"), "-u", "4", "-t", "3s")
    assert finished.summary["duration"] < 30
    assert all("cause" in facts for facts in truth(finished.truth).values())


def test_profiles_alone_make_a_run(tmp_path: Path) -> None:
    """Without a scenario each profile is a User class, and -u, -r, -t are Locust's own."""
    own = tmp_path / "chatty.toml"
    own.write_text('session_length = 2\narrivals = { rate = "120/min" }\nturns = { words = 1, thinking = 0.2 }\n')
    process = start_locust(
        tmp_path,
        *("--headless", "--sandbox", "--sandbox-log", "truth.jsonl", "--profile-file", str(own), "Chatty"),
        *("-u", "2", "-r", "2", "-t", "4s"),
    )
    finished = finish(process, tmp_path)
    assert finished.summary["sessions"]["opened"] > 0, finished.output
    assert set(judge_run(finished.folder).sessions["profile"]) == {"chatty"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--headless", "-t", "1s"], "--host"),
        (["--headless", "--sandbox", "--host", "http://127.0.0.1:1"], "--sandbox"),
        (["--headless", "--host", "https://api.example.com", "-t", "1s"], "--max-open"),
        (["--headless", "--sandbox", "--scenario", "no-such"], "no-such"),
        (["--headless", "--sandbox", "--limit", "0", "-t", "1s"], "--limit"),
    ],
)
def test_mistakes_are_told_once_and_nothing_runs(tmp_path: Path, options: list[str], said: str) -> None:
    """One clear message, exit code 64, no traceback, no run directory."""
    process = start_locust(tmp_path, *options)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 64, output
    assert said in output
    assert "Traceback" not in output
    assert not (tmp_path / "runs").exists()


def _zero(run: Finished) -> float:
    """The run's zero on the monotonic clock, from any session's opening in both logs."""
    really = truth(run.truth)
    opened = _rows(run, "SELECT detail, t / 1e9 FROM {events} WHERE kind = 'new' AND outcome = 'ok'")
    return min(float(really[session]["opened"]) - asked for session, asked in opened)


def _plans(run: Finished) -> set[tuple[Any, ...]]:
    return set(_rows(run, "SELECT profile, round(value, 6), detail FROM {events} WHERE kind = 'arrive'"))


def _rows(run: Finished, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as database:
        return database.execute(sql.format(events=f"'{run.folder}/events.parquet'")).fetchall()


def _await_line(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if text in line:
            return
    raise AssertionError(f"ended without saying {text!r}")
