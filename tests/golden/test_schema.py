"""summary.json and its JSON Schema: of runs of every kind, and nothing that was promised is taken back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from loadtests.cli.__main__ import main
from reports.build import build_report
from reports.output.schema import schema

from .story import Story
from .test_junit import scenario

GATES = ("sessions.opened > 0 after 2s", "latency.task.p50 drift < 10%/h", "keep_alive.margin.p1 > 5s any 2s window")


def valid(folder: Path) -> dict[str, Any]:
    """The summary in a run's directory, which the schema takes."""
    told: dict[str, Any] = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema()).validate(told)
    return told


def promised(node: dict[str, Any], whole: dict[str, Any], path: str = "") -> Iterator[str]:
    """Each key that is always there, with its type."""
    node = whole["$defs"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node
    for key, inner in node.get("properties", {}).items():
        if key in node.get("required", ()):
            kinds = [one.get("type", "object") for one in inner.get("anyOf", [inner])]
            yield f"{path}{key}: {' or '.join(kinds)}"
        yield from promised(inner, whole, f"{path}{key}.")
    for several in ("items", "additionalProperties"):
        if isinstance(inner := node.get(several), dict):
            yield from promised(inner, whole, f"{path}*.")


def test_what_was_promised_is_still_there(golden: Callable[[str, str], None]) -> None:
    """Keys may come: `make golden` adds them. One that goes, or changes its type, breaks whoever reads it."""
    golden("summary-keys.txt", "".join(f"{line}\n" for line in sorted(set(promised(schema(), schema())))))


def test_the_schema_in_the_docs_is_the_one_that_is_made(request: pytest.FixtureRequest) -> None:
    """`streamsoak report --schema` prints it, and docs/summary.schema.json holds it."""
    file = Path(__file__).parents[2] / "docs" / "summary.schema.json"
    text = json.dumps(schema(), indent=1) + "\n"
    if request.config.getoption("--update-golden"):
        file.write_text(text, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == text, "`make golden` writes it anew"
    jsonschema.Draft202012Validator.check_schema(schema())


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a run's directory."""
    with pytest.raises(SystemExit) as ended:
        main(["report", "--schema"])
    assert not ended.value.code
    assert json.loads(capsys.readouterr().out) == schema()


def test_keys_that_come_later_are_taken() -> None:
    """Wherever they stand: nothing says that there are no more."""
    assert "additionalProperties" not in [key for part in (schema(), *schema()["$defs"].values()) for key in part]


def test_simulated_runs(tmp_path: Path) -> None:
    """With hits, leaks and findings."""
    main(["simulate", "smoke", "--limit", "8", "--run-dir", str(tmp_path)])
    (run,) = tmp_path.iterdir()
    assert valid(run)["concurrency_hits"]["count"] > 0


def test_broken_runs(tmp_path: Path) -> None:
    """Nothing recorded; cut off; ended by a signal: what was not measured is null."""
    Story().reported(tmp_path / "empty")
    assert valid(tmp_path / "empty" / "run")["verdict"] == "unknown"
    story = Story().opens(1, 1.0).call(1, "task", 2.0).note(0, "loop", 3.0, 2.0)
    story.reported(tmp_path / "cut", ended=None, load_ended=None, end_reason="", scenario=scenario(*GATES))
    assert valid(tmp_path / "cut" / "run")["gates"][1]["value"] is None
    story.reported(tmp_path / "stopped", end_reason="stopped", scenario=scenario(*GATES))
    assert valid(tmp_path / "stopped" / "run")["end_reason"] == "stopped"


def test_audits(tmp_path: Path) -> None:
    """With a part of their own."""
    Story().call(1, "new", 1.0, value=30.0, detail="id-1").refused(2, 3.0).reported(tmp_path, audit=True, limit=1)
    assert valid(tmp_path / "run")["audit"]["calls"] > 0


def test_what_the_schema_does_not_allow_is_found(tmp_path: Path) -> None:
    """A figure that goes missing, or a verdict that nobody knows."""
    build_report(Story().opens(1, 1.0).stops(1, 2.0).write(tmp_path / "run"))
    told = valid(tmp_path / "run")
    validator = jsonschema.Draft202012Validator(schema())
    assert not validator.is_valid({**told, "verdict": "maybe"})
    assert not validator.is_valid({key: value for key, value in told.items() if key != "sessions"})
    assert validator.is_valid({**told, "more": 1})
