"""Locust's statistics say the same as our log, whether or not somebody else listens to each request."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

import pytest

from reports.log.log import open_log

from .locust_run import Finished, finish, start_locust

_PLAIN = """
from loadtests.users import StreamingUser


class Talkative(StreamingUser):
    profile = {"idle_timeout": 40, "session_length": 2, "turns": {"thinking": 0.2, "wait_for_answer": False},
               "arrivals": {"rate": "300/min"}, "leaving": {"crash": 0.3}}
"""

_LISTENING = (
    _PLAIN
    + """

from locust import events

heard = []


@events.request.add_listener
def hear(request_type, name, response_time, response_length, exception, **_):
    heard.append((name, response_time >= 0, response_length >= 0))


@events.quit.add_listener
def tell(**_):
    print("HEARD", len(heard), all(fine for _, *both in heard for fine in both))
"""
)


@pytest.fixture(scope="module")
def listening(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A run in whose locustfile a listener counts requests."""
    return _run(tmp_path_factory.mktemp("listening"), _LISTENING)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A run without one."""
    return _run(tmp_path_factory.mktemp("plain"), _PLAIN)


def _run(folder: Path, text: str) -> Finished:
    (folder / "own.py").write_text(text, encoding="utf-8")
    options = ("--headless", "--sandbox", "--csv", "stats", "-u", "2", "-r", "2", "-t", "5s", "--observe", "0")
    return finish(start_locust(folder, *options, locustfile=folder / "own.py"), folder)


def _logged(finished: Finished) -> Counter[str]:
    log = open_log(finished.folder)
    rows = log.records(
        "SELECT kind, count(*) AS n FROM events WHERE outcome IN ('ok', 'fail', 'unknown') AND kind != 'list' GROUP BY 1"
    )
    log.close()
    return Counter({f"/v1/streaming.{row['kind']}": int(row["n"]) for row in rows})


@pytest.mark.parametrize("how", ["plain", "listening"])
def test_statistics_are_what_was_logged(plain: Finished, listening: Finished, how: str) -> None:
    """Each call is counted once, under its path; failures as failures; times are times."""
    finished = {"plain": plain, "listening": listening}[how]
    with (finished.folder.parents[1] / "stats_stats.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["Name"]: row for row in csv.DictReader(file)}
    total = rows.pop("Aggregated")
    logged = _logged(finished)
    assert sum(logged.values()) > 20
    assert Counter({name: int(row["Request Count"]) for name, row in rows.items()}) == logged
    assert int(total["Request Count"]) == sum(logged.values())
    assert 0 < int(total["Failure Count"]) < int(total["Request Count"])
    assert (
        float(total["Min Response Time"]) <= float(total["Average Response Time"]) <= float(total["Max Response Time"])
    )
    assert float(total["50%"]) <= float(total["99%"]) <= float(total["100%"])


def test_a_listener_hears_every_request(listening: Finished) -> None:
    """Whoever registers for Locust's event is told of each call, as with any other user."""
    told = re.search(r"HEARD (\d+) (\w+)", listening.output)
    assert told, listening.output
    assert (int(told[1]), told[2]) == (sum(_logged(listening).values()), "True")
