"""Any API within the grammar, live: engine and sandbox over HTTP come to the same as at the default API, for the same people."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import gevent

from loadtests.model.api.description.default import default_api
from loadtests.model.api.description.description import ApiDescription
from loadtests.model.run.end_reason import TIME_OVER
from loadtests.model.run.scenario import load_scenario
from loadtests.model.session.listener import EngineListener
from loadtests.run.run import Run, RunSettings
from loadtests.sandbox.process import SandboxProcess
from loadtests.scenarios.catalogue import folders
from reports.build import judge_run

from ..any_api import any_api
from .locust_run import CAUSES, SCENARIOS, truth

SEEDS = (0, 3, 4, 11, 21)
"""Of descriptions that differ in method, ids, tokens, empty answers and pages: by link, by number, by token."""
ARRIVALS = [
    *((0.0, name) for name in ("closer", "leaver", "sleeper", "talker")),
    # Refused: four are open.
    (1.0, "reader"),
    # Served: only the talker is left.
    (3.2, "reader"),
    (3.2, "leaver"),
]
_END_SECONDS = 6.5


class _Nobody(EngineListener):
    """Listens to nothing."""


class Outcome(NamedTuple):
    """What a run came to."""

    people: list[tuple[str, str]]
    """Profile and fate of each session."""
    hits: dict[str, int]
    findings: set[tuple[str, str, str]]


def _served(api: ApiDescription, folder: Path, sandbox: Callable[..., SandboxProcess]) -> str:
    folder.mkdir()
    account = ("--limit", "4", "--idle-range", "1:3599", "--session-cap", "4s")
    return sandbox("--api", api.model_dump_json(), *account, "--log", str(folder / "truth.jsonl")).url


def _begun(api: ApiDescription, folder: Path, url: str) -> Run:
    """A run at `api`, in which nobody is yet."""
    scenario = load_scenario(SCENARIOS / "alike.toml", folders(), api=api)
    settings = RunSettings(
        runs=folder,
        host=url,
        sandbox=True,
        key="key",
        profiles=scenario.profiles,
        plan=None,
        unstaged=scenario,
        limit=scenario.limit,
        seed=scenario.seed,
        observe=scenario.observe,
        poll=scenario.poll,
        tolerance=scenario.tolerance,
        api=api,
    )
    return Run(settings, _Nobody(), lambda reason: None)


def _live(run: Run) -> Run:
    """Lets the people in `ARRIVALS` come, and ends the run."""
    began = run.now()
    for at, name in ARRIVALS:
        gevent.sleep(max(0.0, began + at - run.now()))
        run.process.add_user(run.process.manifest.people[name])
    gevent.sleep(max(0.0, began + _END_SECONDS - run.now()))
    ended = run.now()
    left = run.drain(TIME_OVER).left
    run.seal(ended, TIME_OVER, left_open=left, defects=run.process.engine.defects)
    return run


def _outcome(run: Run, log: Path) -> Outcome:
    """Judged by the report; each fate agrees with what the sandbox wrote down."""
    analysis = judge_run(run.folder)
    summary, sessions = analysis.summary, analysis.sessions
    really = truth(log)
    assert {one: CAUSES.get(fate) for one, fate in zip(sessions["id"], sessions["fate"], strict=True)} == {
        one: facts.get("cause") for one, facts in really.items()
    }
    findings = {
        (finding["name"], finding["severity"], finding["owner"])
        for finding in summary["findings"]
        if finding["owner"] != "generator"
    }
    people = sorted(zip(sessions["profile"], sessions["fate"], strict=True))
    hits: dict[str, Any] = summary["concurrency_hits"]
    return Outcome(people, {name: hits[name] for name in ("count", "first_attempts")}, findings)


def test_any_api_comes_to_the_same(tmp_path: Path, sandbox: Callable[..., SandboxProcess]) -> None:
    """Other verbs, paths, names, places, tokens, empty answers, pages: the same fates, hits and findings."""
    apis = {"konpro": default_api(), **{f"drawn-{seed}": any_api(Random(seed)) for seed in SEEDS}}
    assert {api.list.paging.by for api in apis.values() if api.list} == {"any", "link", "page", "token"}
    with ThreadPoolExecutor() as threads:
        served = threads.map(lambda name: _served(apis[name], tmp_path / name, sandbox), apis)
    urls = dict(zip(apis, served, strict=True))
    # All have started when the first person comes: starting one takes half a second of this process.
    runs = {name: _begun(api, tmp_path / name / "runs", urls[name]) for name, api in apis.items()}
    jobs = {name: gevent.spawn(_live, run) for name, run in runs.items()}
    gevent.joinall(jobs.values(), timeout=60, raise_error=True)
    outcomes = {name: _outcome(job.get(), tmp_path / name / "truth.jsonl") for name, job in jobs.items()}
    expected = outcomes["konpro"]
    assert sorted({fate for _, fate in expected.people}) == ["capped", "closed", "expired", "leaked-reaped"]
    assert expected.hits == {"count": 1, "first_attempts": 1}
    wrong = {name: outcome for name, outcome in outcomes.items() if outcome != expected}
    assert wrong == {}
