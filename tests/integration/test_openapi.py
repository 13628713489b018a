"""The OpenAPI document against the real sandbox: what it names is served, and what is served it names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
import schemathesis

from loadtests.model.api.description.default import default_api
from loadtests.model.api.operation import Operation
from loadtests.model.api.rules import Rules, Terms
from loadtests.model.api.service import service_of
from loadtests.sandbox.app import App
from loadtests.sandbox.process import SandboxProcess

if TYPE_CHECKING:
    from tests.integration.conftest import Client

    Sandboxes = Callable[..., SandboxProcess]
    Clients = Callable[..., Client]

DOCUMENT: dict[str, Any] = json.loads(files("loadtests.sandbox").joinpath("openapi.json").read_bytes())
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
BOUND = 15.0
RUN_BOUND = 240.0
"""Seconds; on two idle cores the run takes a tenth of it."""


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and description of all that the document names."""
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


ANSWERS = [(method, path, int(status)) for method, path, operation in operations() for status in operation["responses"]]


@pytest.fixture(scope="module")
def guarded() -> Iterator[str]:
    """The address of a sandbox that takes the key `right` alone, on an account of one session."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("KONPRO_API_KEY", "right")
        process = SandboxProcess(("--limit", "1"))
    yield process.url
    process.close()


@pytest.fixture
def api(guarded: str, client: Clients) -> Iterator[Client]:
    """A client of that sandbox, in which nothing is open."""
    made = client(guarded, key="right")
    yield made
    for session_id in made.listed():
        made.post("stop", session_id=session_id)


def test_document_is_valid() -> None:
    """It is OpenAPI 3.1 by the specification's own schema."""
    SCHEMA.validate()


def references(node: Any) -> Iterator[str]:
    """Each `$ref` within `node`."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield from (value,) if name == "$ref" else references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_components_are_those_that_are_referred_to() -> None:
    """No reference leads nowhere, and no component is left over."""
    components = {
        f"#/components/{kind}/{name}"
        for kind, named in DOCUMENT["components"].items()
        if kind != "securitySchemes"
        for name in named
    }
    assert set(references(DOCUMENT)) == components


def test_document_names_every_route_and_no_other() -> None:
    """The document's methods and paths are the app's."""
    rules = Rules(Terms(), lambda: str(uuid.uuid1()))
    app = App(rules, service_of(rules), None)
    assert {(method, path) for method, path, _ in operations()} == app.routes


def test_operations_are_called_as_in_the_surface() -> None:
    """An operation that the harness knows has its name there and here, and the same path."""
    paths = {operation["operationId"]: path for _, path, operation in operations()}
    for operation in Operation:
        assert paths[operation.value] == default_api().path(operation)


def test_document_is_served_to_anybody(guarded: str) -> None:
    """Without a key the document is answered, and nothing else of that path."""
    said = requests.get(f"{guarded}/openapi.json", timeout=BOUND)
    assert (said.status_code, said.headers["content-type"]) == (200, "application/json")
    assert said.json() == DOCUMENT
    assert requests.post(f"{guarded}/openapi.json", timeout=BOUND).status_code == 401


def test_document_tells_the_idle_range_that_is_served(sandbox: Sandboxes) -> None:
    """With --idle-range the document says what is accepted, and which default there is."""
    told = requests.get(f"{sandbox('--idle-range', '0.5:60').url}/openapi.json", timeout=BOUND).json()
    field = told["components"]["schemas"]["New"]["properties"]["activity_idle_timeout"]
    assert (field["minimum"], field["maximum"], field["default"]) == (0.5, 60, 60)


@pytest.mark.parametrize("scheme", DOCUMENT["components"]["securitySchemes"].values(), ids=lambda s: s["type"])
def test_each_security_scheme_is_enough(guarded: str, scheme: dict[str, str]) -> None:
    """Either scheme alone opens the door, and only with the right key."""
    name, prefix = (scheme["name"], "") if scheme["type"] == "apiKey" else ("Authorization", "Bearer ")
    for key, status in (("right", 200), ("wrong", 401)):
        said = requests.get(f"{guarded}/v1/streaming.list", headers={name: prefix + key}, timeout=BOUND)
        assert said.status_code == status


def provoke(api: Client, method: str, path: str, status: int) -> requests.Response:
    """An answer of that status, by what the document says of it."""
    call = path.rpartition(".")[2]
    options: dict[str, Any] = {}
    if status == 401:
        options["headers"] = {"Authorization": None}
    elif status == 400:
        options |= {"data": b"{"} if method == "POST" else {"params": {"page": "one"}}
    elif status == 404:
        options["json"] = {"session_id": str(uuid.uuid1())}
    elif status == 429 or call not in ("new", "create_token"):
        session_id = api.open()
        options |= {"json": {"session_id": session_id, "text": "hello"}} if method == "POST" else {}
    return api.http.request(method, api.url + path, timeout=BOUND, **options)


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
def test_each_answer_occurs_as_described(api: Client, method: str, path: str, status: int) -> None:
    """The sandbox gives each answer that the document names, in the form that it names."""
    said = provoke(api, method, path, status)
    assert said.status_code == status
    SCHEMA[path][method].validate_response(said)


def test_schemathesis_finds_nothing(sandbox: Sandboxes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests right and wrong, alone and in sequences, are answered as described, with no error of the server's."""
    monkeypatch.setenv("KONPRO_API_KEY", "right")
    url = sandbox().url
    report = tmp_path / "report.json"
    command = [
        *(str(Path(sys.executable).with_name("st")), "--no-color"),
        *("--config-file", str(Path(__file__).with_name("schemathesis.toml"))),
        *("run", f"{url}/openapi.json", "--report", "json", "--report-json-path", str(report)),
    ]
    environment = {**os.environ, "NO_PROXY": "*"}
    said = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=RUN_BOUND
    )
    assert said.returncode == 0, said.stdout + said.stderr
    told = json.loads(report.read_text(encoding="utf-8"))
    assert {phase["status"] for phase in told["phases"].values()} == {"success"}
    # It leaves out the document itself.
    assert told["operations"]["tested"] == len(DOCUMENT["paths"]) - 1
