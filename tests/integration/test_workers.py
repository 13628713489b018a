"""Several processes make one run: real Locust masters and workers, in directories and at addresses of their own."""

from __future__ import annotations

import json
import re
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
import requests

from loadtests.model.people.draw import Draw
from loadtests.model.run.manifest import SPOOL, read_manifest
from loadtests.model.session.behaviour import visit
from loadtests.model.session.person import Person
from loadtests.model.session.steps import Note
from loadtests.recording.ledger import is_held, ledgers, read_ledgers
from loadtests.sandbox.process import SandboxProcess
from reports.build import judge_run

from .crew import (
    CREW,
    HASTY,
    MASTER_HOST,
    SANDBOX_HOST,
    Crew,
    children,
    free_port,
    is_running,
    manifest,
    opened_at,
    processes,
    streamsoak,
    summary,
    wait_for,
)
from .locust_run import KEY, SCENARIOS, Finished, misjudged, run_locust, truth
from .namespaces import sandbox_at, two_namespaces
from .relay import Relay
from .verdict import verdict_of

pytestmark = pytest.mark.faults

EVERY_WAY = SCENARIOS / "every-way.toml"
BEGUN = "loadtests.plugin.master: Run "
SPAWNED = ("All users spawned", "Spawning is complete")
UNKNOWN = 2

Sandboxes = Callable[..., SandboxProcess]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A run of two worker processes on one machine."""
    return run_locust(tmp_path_factory.mktemp("two"), str(EVERY_WAY), *processes(2))


@pytest.fixture
def api(sandbox: Sandboxes) -> SandboxProcess:
    """A sandbox that is not the run's own."""
    return sandbox("--host", SANDBOX_HOST, "--idle-range", "1:3599")


@pytest.fixture
def crew(tmp_path: Path) -> Iterator[Crew]:
    """Processes in directories of their own."""
    with Crew(tmp_path) as made:
        yield made


@pytest.fixture
def hasty(tmp_path: Path) -> Iterator[Crew]:
    """The same with a lease of six seconds."""
    with Crew(tmp_path, HASTY) as made:
        yield made


# Two processes on one machine.


def test_fates_equal_the_sandboxs_own_log(two: Finished) -> None:
    """Session by session, as in a single process: what each worker saw and what the list showed come together."""
    assert misjudged(two) == {}


def test_it_is_one_run(two: Finished) -> None:
    """One directory, whole; both workers took part; nothing is left in the spool or at the sandbox."""
    told = manifest(two.folder)
    assert (told["workers"], told["cut_workers"], told["left_open"], told["lost_events"]) == (2, 0, 0, 0)
    assert not (two.folder / SPOOL).exists()
    assert all("cause" in facts for facts in truth(two.truth).values())
    assert {path.name for path in ledgers(two.folder)} == {"ledger.jsonl", "ledger-w1.jsonl", "ledger-w2.jsonl"}
    assert read_ledgers(ledgers(two.folder)).open == {}


def test_load_is_split_over_the_workers(two: Finished) -> None:
    """Both had people, each with session numbers of its own; the master had none."""
    news = _rows(two.folder, "SELECT worker, session FROM events WHERE kind = 'new'")
    by_worker = Counter(worker for worker, _ in news)
    assert by_worker.keys() == {1, 2}
    assert all(session // 1_000_000_000 == worker for worker, session in news)


def test_people_are_the_same_whatever_worker_they_fall_to(two: Finished) -> None:
    """Each arrival is one that the seed has for some stream of the profile: none was drawn from a stream of a worker's own."""
    run = read_manifest(two.folder)
    arrivals = _rows(two.folder, "SELECT profile, value, detail FROM events WHERE kind = 'arrive'")
    seen = Counter((profile, round(planned, 6), way) for profile, planned, way in arrivals)
    foretold = Counter(
        (name, round(planned, 6), way)
        for name, profile in run.people.items()
        for planned, way in _first_visits(run.seed, profile, streams=130, visits=20)
    )
    # Who reopens draws a second session whose length depends on how the first one went.
    second = sum(way == "reopen" for _, _, way in arrivals)
    assert len(arrivals) >= 20
    assert (seen - foretold).total() <= second


def test_clocks_are_aligned_with_a_stated_error(two: Finished) -> None:
    """Each worker says by how much its clock may be off: on one machine, by no more than a message takes."""
    errors = _rows(two.folder, "SELECT worker, max(value) FROM events WHERE kind = 'clock' GROUP BY worker")
    assert {worker for worker, _ in errors} == {1, 2}
    assert all(0 < error < 1 for _, error in errors)


# Processes of their own, in directories and at addresses of their own.


def test_machines_of_their_own(crew: Crew, api: SandboxProcess) -> None:
    """Master and sandbox at other addresses, workers in other directories, without the scenario; one comes late.

    And the key is nowhere on the wire between them.
    """
    with Relay((MASTER_HOST, crew.port)) as relay:
        master = crew.master(api.url, "-t", "8s", "--seed", "7")
        through = {"port": relay.port}
        for name in ("one", "two"):
            crew.worker(name, "--master-host", relay.host, **through)
        master.wait_until_said(*SPAWNED)
        crew.worker("late", "--master-host", relay.host, **through)
        assert master.end() in (0, UNKNOWN), master.output
        assert [process.end() for process in crew.everybody[1:]] == [0, 0, 0]
        assert KEY.encode() not in relay.wire
        assert relay.receipts()["ledger-w1.jsonl"] > 0
    folder = crew.run_folder()
    told = manifest(folder)
    assert (told["workers"], told["cut_workers"], told["left_open"], told["seed"]) == (3, 0, 0, 7)
    assert told["scenario"]["name"] == "crew"
    assert opened_at(api) == 0
    assert summary(folder)["sessions"]["opened"] > 0
    for name in ("one", "two", "late"):
        assert not list(crew.run_folder(name).glob(f"{SPOOL}/*")), "what has come whole is not kept"
        assert manifest(crew.run_folder(name))["run"] == folder.name


@pytest.mark.parametrize("how", ["SIGINT", pytest.param("SIGTERM", marks=pytest.mark.thorough), "shape", "web"])
def test_however_it_ends_all_is_closed_and_told(crew: Crew, api: SandboxProcess, how: str, tmp_path: Path) -> None:
    """A signal to the master, a shape's end, the web UI's Stop: the same drain."""
    short = tmp_path / "short.toml"
    short.write_text(CREW.read_text(encoding="utf-8").replace('"60s"', '"4s"'), encoding="utf-8")
    scenario = short if how == "shape" else CREW
    if how == "web":
        _web_run(crew, api, scenario)
    else:
        master = crew.master(api.url, scenario=scenario)
        for name in ("one", "two"):
            crew.worker(name)
        master.wait_until_said(*SPAWNED)
        wait_for(lambda: opened_at(api) >= 8, "sessions are open")
        if how != "shape":
            master.send(signal.Signals[how])
        code = master.end()
        # Whoever was told to end before the time did not see all of it.
        assert code in ((0, UNKNOWN) if how == "shape" else (UNKNOWN,)), master.output
        assert verdict_of(crew.run_folder(), code) == ("unknown" if code else "pass")
        assert [process.end() for process in crew.everybody[1:]] == [0, 0]
        assert "Traceback" not in master.output
    folder = crew.run_folder()
    told = manifest(folder)
    assert (told["workers"], told["cut_workers"], told["left_open"]) == (2, 0, 0)
    assert told["end_reason"] == ("its time was over" if how == "shape" else "stopped")
    assert opened_at(api) == 0
    fates = summary(folder)["sessions"]["fates"]
    assert fates["censored"] >= 8
    assert fates["lingering"] == 0


def _web_run(crew: Crew, api: SandboxProcess, scenario: Path) -> None:
    port = free_port()
    master = crew.start(
        "master",
        *("--master", "--master-bind-host", MASTER_HOST, "--master-bind-port", str(crew.port)),
        *("--web-port", str(port), "--scenario", str(scenario), "--host", api.url),
    )
    for name in ("one", "two"):
        crew.worker(name)
    web = f"http://127.0.0.1:{port}"
    wait_for(lambda: _connected_workers(web) == 2, "the web UI answers, and both workers are connected")
    assert requests.post(f"{web}/swarm", data={"host": api.url}, timeout=60).ok
    wait_for(lambda: opened_at(api) >= 8, "sessions are open")
    assert requests.post(f"{web}/stop", timeout=120).ok
    wait_for(lambda: (crew.run_folder() / "report.html").exists(), "the report is written")
    master.send(signal.SIGINT)
    master.end()


def _connected_workers(web: str) -> int:
    """By the web UI; 0 while it does not answer."""
    try:
        return len(requests.get(f"{web}/stats/requests", timeout=5).json().get("workers", ()))
    except requests.ConnectionError:
        return 0


# Somebody dies.


def test_a_killed_worker_is_told_of_and_its_sessions_closed(hasty: Crew, api: SandboxProcess) -> None:
    """Within seconds, with interval and number of sessions, in log and report; the verdict says so."""
    master = hasty.master(api.url, "-t", "14s")
    victim, _ = (hasty.worker(name) for name in ("one", "two"))
    master.wait_until_said(*SPAWNED)
    wait_for(lambda: opened_at(api) >= 8, "sessions are open")
    _await_shipped(hasty)
    victim.process.kill()
    assert master.end() == UNKNOWN, master.output
    assert verdict_of(hasty.run_folder(), UNKNOWN) == "unknown"
    folder = hasty.run_folder()
    assert opened_at(api) == 0
    (lost,) = _rows(folder, "SELECT t / 1e9, value, detail FROM events WHERE kind = 'worker-lost'")
    assert lost[0] - lost[1] < 6
    told = summary(folder)
    assert told["sessions"]["fates"]["dropped"] == 0, "what the worker closed and could not tell is not the API's doing"
    assert told["verdict"] == "unknown"
    (doubt,) = [doubt for doubt in told["generator"]["doubts"] if f"worker {lost[2]} was lost" in doubt]
    told_open = re.search(r"with (\d+) sessions open", doubt)
    assert told_open, doubt
    assert int(told_open[1]) >= 4
    # What its ledger said was open was closed by the master.
    closed = {entry[1] for entry in _entries(folder / "ledger.jsonl") if entry[0] == "closed"}
    assert {number for number in closed if number // 1_000_000_000 == int(lost[2])}
    assert read_ledgers(ledgers(folder)).open == {}


def test_a_worker_that_stops_for_a_while_taints_the_verdict(hasty: Crew, api: SandboxProcess) -> None:
    """It goes on where it was; but what it should have done meanwhile nobody did."""
    master = hasty.master(api.url, "-t", "12s")
    victim, _ = (hasty.worker(name) for name in ("one", "two"))
    master.wait_until_said(*SPAWNED)
    victim.send(signal.SIGSTOP)
    master.wait_until_said("is lost")
    victim.send(signal.SIGCONT)
    assert master.end() == UNKNOWN, master.output
    assert victim.end() == 0
    folder = hasty.run_folder()
    assert opened_at(api) == 0
    kinds = [kind for (kind,) in _rows(folder, "SELECT kind FROM events WHERE kind LIKE 'worker-%' ORDER BY t")]
    assert kinds[:2] == ["worker-lost", "worker-back"]
    assert manifest(folder)["cut_workers"] == 0
    assert summary(folder)["verdict"] == "unknown"


def test_a_worker_that_stops_for_longer_than_its_lease_comes_to_its_end(hasty: Crew, api: SandboxProcess) -> None:
    """The master has closed its sessions; it closes nothing twice that is another's, and ends."""
    master = hasty.master(api.url, "-t", "16s")
    victim, _ = (hasty.worker(name) for name in ("one", "two"))
    master.wait_until_said(*SPAWNED)
    wait_for(lambda: opened_at(api) >= 8, "sessions are open")
    _await_shipped(hasty)
    victim.send(signal.SIGSTOP)
    folder = hasty.run_folder()
    # What it has written and not yet shipped the master cannot know; by now it has taken in all that was on the way.
    master.wait_until_said("is lost")
    (theirs,) = (path.name for path in ledgers(hasty.run_folder("one")))
    ours = read_ledgers([folder / theirs]).open.keys()
    wait_for(
        lambda: ours <= {e[1] for e in _entries(folder / "ledger.jsonl") if e[0] == "closed"}, "orphans are closed"
    )
    victim.send(signal.SIGCONT)
    assert victim.end() == UNKNOWN, victim.output
    assert "No message from the master" in victim.output
    assert master.end() == UNKNOWN, master.output
    assert len(ours) >= 4
    assert opened_at(api) == 0
    assert summary(folder)["verdict"] == "unknown"


def test_workers_of_a_dead_master_close_what_they_have_and_another_master_does_not_take_them(
    hasty: Crew, api: SandboxProcess
) -> None:
    """They end within their lease; a master that takes the place of the first has a run of its own, with its own worker."""
    first = hasty.master(api.url, "-t", "60s")
    orphans = [hasty.worker(name) for name in ("one", "two")]
    first.wait_until_said(*SPAWNED)
    wait_for(lambda: opened_at(api) >= 8, "sessions are open")
    _await_shipped(hasty)
    first.process.kill()
    second = hasty.start(
        "second",
        *("--master", "--headless", "--expect-workers", "1", "--host", api.url, "--scenario", str(CREW), "-t", "4s"),
        *("--master-bind-host", MASTER_HOST, "--master-bind-port", str(hasty.port)),
    )
    second.wait_until_said("Waiting for workers")
    hasty.worker("three")
    assert [orphan.end() for orphan in orphans] == [UNKNOWN, UNKNOWN]
    assert second.end() in (0, UNKNOWN), second.output
    assert "Traceback" not in second.output
    assert opened_at(api) == 0
    told = manifest(hasty.run_folder("second"))
    assert (told["workers"], told["cut_workers"]) == (1, 0)
    folder = hasty.run_folder()
    assert "cut off" in streamsoak("report", str(folder)).stdout


def test_spools_of_a_dead_masters_workers_are_merged(tmp_path: Path, api: SandboxProcess) -> None:
    """On one machine without further ado: `streamsoak report` says what happened to the last, and that it was cut off."""
    with Crew(tmp_path, HASTY) as crew:
        options = ("--headless", "--only-summary", "--host", api.url, "--scenario", str(CREW))
        master = crew.start("here", *options, *processes(2))
        master.wait_until_said(*SPAWNED)
        workers = children(master.process.pid)
        master.process.kill()
        wait_for(lambda: not any(map(is_running, workers)), f"the workers have ended: {master.output}")
        folder = crew.run_folder("here")
        assert opened_at(api) == 0
        assert list((folder / SPOOL).glob("events-w*.arrow"))
        said = streamsoak("report", str(folder))
        assert said.returncode == 0, said.stderr
        assert "cut off" in said.stdout
        sessions = judge_run(folder).sessions
        opened = {session_id for path in ledgers(folder) for session_id in read_ledgers([path]).ids}
        assert set(sessions["id"]) == opened
        assert streamsoak("check", str(folder)).returncode == UNKNOWN


def test_everything_killed_is_swept(tmp_path: Path, api: SandboxProcess) -> None:
    """A sweep closes all that has an id, says so, and finds nothing the second time."""
    with Crew(tmp_path) as crew:
        options = ("--headless", "--only-summary", "--host", api.url, "--scenario", str(CREW))
        master = crew.start("here", *options, *processes(2))
        master.wait_until_said(*SPAWNED)
        wait_for(lambda: opened_at(api) >= 8, "sessions are open")
        folder = crew.run_folder("here")
        refused = streamsoak("sweep", str(folder))
        assert refused.returncode == 64
        assert "is still running" in refused.stderr
        master.kill()
        # A killed process keeps its files until the last of its threads has ended.
        wait_for(lambda: not is_held(folder), "the ledgers are free")
        before = set(api.open_sessions())
        known = set(read_ledgers(ledgers(folder)).open.values())
        assert len(before & known) >= 8
        swept = streamsoak("sweep", str(folder))
        assert swept.returncode == 0, swept.stdout + swept.stderr
        assert f"Closed {len(before & known)} sessions" in swept.stdout
        assert set(api.open_sessions()) == before - known
        again = streamsoak("sweep", str(folder))
        assert again.returncode == 0
        assert "Closed 0 sessions; 0 already closed, 0 could not be closed." in again.stdout


@pytest.mark.parametrize("led_by", ["scenario", pytest.param("users", marks=pytest.mark.thorough)])
def test_a_master_whose_workers_are_all_killed_comes_to_its_end(
    hasty: Crew, api: SandboxProcess, led_by: str, tmp_path: Path
) -> None:
    """It closes what they had, says so, and does not wait for people who cannot come, or for a time that nobody set."""
    stayer = tmp_path / "stayer.toml"
    stayer.write_text('session_length = 90\nidle_timeout = 600\narrivals = { model = "closed", pause = 1 }\n', "utf-8")
    if led_by == "scenario":
        master = hasty.master(api.url)
        profiles: tuple[str, ...] = ()
    else:
        profiles = ("--profile-file", str(stayer), "Stayer")
        bind = ("--master-bind-host", MASTER_HOST, "--master-bind-port", str(hasty.port), "-u", "8", "-r", "8")
        what = ("--master", "--headless", "--expect-workers", "2", "--host", api.url, "--observe", "1")
        master = hasty.start("master", *what, *bind, *profiles)
    workers = [hasty.worker(name, *profiles) for name in ("one", "two")]
    master.wait_until_said(*SPAWNED)
    wait_for(lambda: opened_at(api) >= 8, "sessions are open")
    _await_shipped(hasty)
    for worker in workers:
        worker.process.kill()
    assert master.end() == UNKNOWN, master.output
    known = {one for path in ledgers(hasty.run_folder()) for one in read_ledgers([path]).ids}
    assert not known & api.open_sessions().keys()
    doubts = summary(hasty.run_folder())["generator"]["doubts"]
    assert sum("was lost" in doubt for doubt in doubts) == 2


def test_network_namespaces(tmp_path: Path) -> None:
    """Two machines, as far as the network can tell: joined by a cable, each with an address and a loopback of its own.

    For a host that is not loopback the guards of real accounts hold, shared out over the workers.
    """
    log = tmp_path / "truth.jsonl"
    with (
        two_namespaces() as (here, there, address),
        Crew(tmp_path, master_host=address) as crew,
        sandbox_at(here, address, log) as url,
    ):
        consent = ("--max-open", "5", "--allow-leaks", "--max-session-minutes", "60")
        master = crew.master(url, "-t", "5s", *consent, prefix=here)
        crew.worker("near", prefix=here)
        crew.worker("far", prefix=there)
        assert master.end() in (0, UNKNOWN), master.output
        assert [process.end() for process in crew.everybody[1:]] == [0, 0]
    really = truth(log)
    assert really
    assert all(facts["cause"] == "stop" for facts in really.values())
    told = manifest(crew.run_folder())
    assert (told["workers"], told["cut_workers"], told["left_open"]) == (2, 0, 0)
    assert (
        0 < max(listed for (listed,) in _rows(crew.run_folder(), "SELECT value FROM events WHERE kind = 'list'")) <= 5
    )


def test_a_worker_without_a_key_is_refused(crew: Crew, api: SandboxProcess) -> None:
    """With one message that names the variable, exit code 64 at the master, and nothing opened."""
    master = crew.master(api.url, "-t", "5s", workers=1)
    crew.worker("one", key=None)
    assert master.end() == 64, master.output
    assert "KONPRO_API_KEY" in master.output
    assert "Traceback" not in master.output
    assert opened_at(api) == 0


def _await_shipped(crew: Crew) -> None:
    """Wait until the master's copies of both workers' ledgers hold four open sessions each."""

    def have_come() -> bool:
        copies = [path for path in ledgers(crew.run_folder()) if "-w" in path.name]
        return len(copies) == 2 and all(len(read_ledgers([path]).open) >= 4 for path in copies)

    wait_for(have_come, "the master has the workers' ledgers")


def _first_visits(seed: int, profile: object, streams: int, visits: int) -> Iterator[tuple[float, str]]:
    for stream in range(streams):
        for number in range(visits):
            draw = Draw.of(seed, profile.name, "person", stream, number)  # type: ignore[attr-defined]
            arrive = next(visit(Person(profile, draw, lambda: 1), 0.0))  # type: ignore[arg-type]
            assert isinstance(arrive, Note)
            yield arrive.value, arrive.detail


def _rows(folder: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect() as database:
        database.execute(f"CREATE VIEW events AS SELECT * FROM '{folder}/events.parquet'")
        return database.execute(sql).fetchall()


def _entries(ledger: Path) -> list[list[object]]:
    lines = ledger.read_bytes().splitlines() if ledger.exists() else []
    return [json.loads(line) for line in lines if line.endswith(b"]")]
