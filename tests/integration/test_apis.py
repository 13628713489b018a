"""APIs of other shapes, described in a file: a run, its sweep and an audit against the sandbox that serves the description."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from loadtests.cleanup.sweep import account_of
from loadtests.model.run.manifest import read_manifest
from loadtests.recording.ledger import ledgers, read_ledgers
from reports.log.log import open_log

from .crew import Crew, opened_at, streamsoak, wait_for
from .locust_run import KEY, ROOT, SCENARIOS, Finished, misjudged, run_locust, truth

ELSEWHERE = Path(__file__).parent / "apis" / "elsewhere.toml"
EVERY_WAY = str(SCENARIOS / "every-way.toml")

_CLIENT = """
import json, os, urllib.request

def call(method, path, body, key):
    request = urllib.request.Request(os.environ["STREAMSOAK_BASE_URL"] + path, json.dumps(body).encode(), method=method)
    request.add_header("X-Elsewhere" if key else "Authorization", key or "Bearer " + token)
    return json.loads(urllib.request.urlopen(request).read() or b"{}")

token = call("POST", "/tokens", {}, os.environ["ELSEWHERE_KEY"])["secret"]
closed, left = (call("PUT", "/rooms", {}, "")["room"] for _ in range(2))
call("DELETE", "/rooms/" + closed["id"], {"ticket": closed["ticket"]}, os.environ["ELSEWHERE_KEY"])
"""


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """People who leave in every way, at the described API."""
    return run_locust(tmp_path_factory.mktemp("elsewhere"), EVERY_WAY, "--api", str(ELSEWHERE))


def test_fates_equal_the_sandboxs_own_log(elsewhere: Finished) -> None:
    """As at the default API: session by session."""
    assert "Traceback" not in elsewhere.output
    assert misjudged(elsewhere) == {}
    fates = elsewhere.summary["sessions"]["fates"]
    assert fates["closed"] > 5
    assert fates["leaked-reaped"] > 2
    assert all("cause" in facts for facts in truth(elsewhere.truth).values())


def test_refusals_are_hits_in_the_apis_own_words(elsewhere: Finished) -> None:
    """The hits have the status and the reason that the description gives them."""
    with closing(open_log(elsewhere.folder)) as log:
        rows = log.records("SELECT DISTINCT status, reason FROM events WHERE kind = 'new' AND outcome = 'fail'")
    assert [(row["status"], row["reason"]) for row in rows] == [(409, "concurrency-limit")]
    assert elsewhere.summary["concurrency_hits"]["count"] > 0


def test_the_run_remembers_its_api_and_no_token(elsewhere: Finished) -> None:
    """Report, check and sweep need no file; what a stop needs is in the ledger, and tokens are nowhere."""
    assert read_manifest(elsewhere.folder).description.name == "elsewhere"
    contents = read_ledgers(ledgers(elsewhere.folder))
    assert contents.open == {}
    assert all(kept == {"ticket": f"ticket-{session_id}"} for session_id, kept in contents.kept.items())
    for path in elsewhere.folder.rglob("*"):
        assert not path.is_file() or b"sandbox-token-" not in path.read_bytes(), path


def test_what_a_killed_run_left_is_swept(tmp_path: Path, sandbox: object) -> None:
    """By the described stop, with the values that it needs."""
    served = sandbox("--api", str(ELSEWHERE), "--idle-range", "60:60")  # type: ignore[operator]
    with Crew(tmp_path) as crew:
        options = (
            "--headless",
            "--only-summary",
            "--host",
            served.url,
            "--scenario",
            EVERY_WAY,
            "--api",
            str(ELSEWHERE),
        )
        run = crew.start("here", *options)
        wait_for(lambda: opened_at(served) >= 5, "sessions are open")
        run.kill()
        swept = streamsoak("sweep", str(crew.run_folder("here")))
        assert swept.returncode in (0, 2), swept.stdout + swept.stderr
        assert "0 could not be closed" in swept.stdout
        contents = read_ledgers(ledgers(crew.run_folder("here")))
        assert contents.open == {}
        manifest = read_manifest(crew.run_folder("here"))
        assert not contents.ids.keys() & account_of(manifest, KEY, 100).listed().keys()


def test_a_client_of_the_api_is_audited(tmp_path: Path) -> None:
    """It finds the address and the key in the variables of its API; what it leaves open is told."""
    command = [
        sys.executable,
        "-m",
        "loadtests.cli",
        "audit",
        "--quick",
        "--api",
        str(ELSEWHERE),
        "--json",
        "audit.json",
    ]
    done = subprocess.run(
        [*command, "--", sys.executable, "-c", _CLIENT],
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    told = json.loads((tmp_path / "audit.json").read_text())
    assert told["sessions"]["opened"] == 2
    assert "unclosed-sessions" in {finding["name"] for finding in told["findings"]}


def test_the_catalogue_and_its_mistakes(tmp_path: Path) -> None:
    """`streamsoak apis` lists and validates; an unknown API is a mistake of the user's everywhere."""
    listed = streamsoak("apis")
    assert listed.returncode == 0
    assert all(name in listed.stdout for name in ("konpro", "liveavatar", "d-id", "tavus", "browserbase"))
    broken = tmp_path / "broken.toml"
    broken.write_text('[calls.new]\npath = "open"\n')
    said = streamsoak("apis", str(ELSEWHERE), str(broken))
    assert said.returncode == 64
    assert "calls.new.path" in said.stderr
    for command in (("simulate", "smoke", "--api", "nosuch"), ("sandbox", "--api", "nosuch")):
        said = streamsoak(*command)
        assert (said.returncode, "no API 'nosuch' (known: browserbase" in said.stderr) == (64, True), said.stderr


def test_the_page_about_apis_can_be_followed(tmp_path: Path) -> None:
    """docs/apis.md from top to bottom: its commands in their order, its example in the file that it names."""
    text = (ROOT / "docs" / "apis.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", text, flags=re.DOTALL)
    ((name, where),) = re.findall(r"The file `(\S+)` in the folder `(\S+)` of your working directory", text)
    (tmp_path / where).mkdir(parents=True)
    (tmp_path / where / name).write_text(example, encoding="utf-8")
    commands = re.findall(r"^    (streamsoak .*)$", text, flags=re.MULTILINE)
    assert len(commands) == 6
    for command in commands:
        done = streamsoak(*shlex.split(command)[1:], cwd=tmp_path)
        assert done.returncode in (0, 1, 2), f"{command}: {done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr
    *_, rooms = sorted(tmp_path.glob("runs/*smoke-simulated*"), key=lambda run: run.stat().st_mtime)
    assert read_manifest(rooms).description.name == "rooms"
