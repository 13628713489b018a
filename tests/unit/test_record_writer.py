"""The recording beside the proxy: what it does when it cannot keep up, or fails."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from loadtests.model.api.description.default import default_api
from loadtests.model.api.routing import Routes
from loadtests.reverse_proxy import writer
from loadtests.reverse_proxy.calls import Calls
from loadtests.reverse_proxy.exchange import Exchange
from loadtests.reverse_proxy.rotation import Rotation
from loadtests.reverse_proxy.writer import Writer
from reports.log.compaction import readable

_ROUTES = Routes(default_api())
_ROTATION = Rotation()


def exchange(
    call: str = "new", answer: bytes = b'{"code":100,"data":{"session_id":"s"}}', key: bytes = b"the-key"
) -> Exchange:
    """One that has ended well."""
    made = Exchange(time.monotonic())
    made.method = b"POST"
    made.headers = [(b"Authorization", b"Bearer " + key)]
    made.call = _ROUTES.find("POST", f"/v1/streaming.{call}", None)
    made.status, made.answered = 200, time.monotonic()
    made.answer.add(answer)
    return made


def rows(folder: Path) -> list[tuple[str, float, str | None]]:
    """Kind, value and detail of each row."""
    batches = [batch for path in sorted(folder.glob("*.arrow")) for batch in readable(path)]
    return [(row["kind"], row["value"], row["detail"]) for batch in batches for row in batch.to_pylist()]


def test_what_the_queue_has_no_room_for_is_counted_in_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy is never made to wait."""
    monkeypatch.setattr(writer, "MOST_WAITING", 10)
    said: list[str] = []
    recording = Writer(tmp_path, default_api(), time.monotonic(), _ROTATION, said.append)
    for _ in range(25):
        recording.put(exchange())
    recording.start()
    recording.stop()
    assert recording.lost == 15
    assert ("gap", 15.0, "backlog") in rows(tmp_path)
    assert sum(kind == "new" for kind, *_ in rows(tmp_path)) == 10
    assert said[0] == "streamsoak record: calls cannot be recorded (backlog); requests go on"


def test_bodies_that_wait_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By their bytes, too."""
    monkeypatch.setattr(writer, "MOST_BYTES", 1000)
    recording = Writer(tmp_path, default_api(), time.monotonic(), _ROTATION, lambda line: None)
    for _ in range(5):
        recording.put(exchange(answer=bytes(400)))
    assert recording.dropped == 2


def test_a_defect_costs_one_call_and_is_told_by_its_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by its text, which may have a part of a request; and not for each call."""
    said: list[str] = []
    recording = Writer(tmp_path, default_api(), time.monotonic(), _ROTATION, said.append)
    real = Calls.add

    def add(self: Calls, passed: Exchange) -> None:
        if passed.method == b"POST" and b"bad" in passed.target:
            raise RuntimeError("a secret")
        real(self, passed)

    monkeypatch.setattr(Calls, "add", add)
    for target in (b"/good", b"/bad", b"/bad", b"/good"):
        passed = exchange()
        passed.target = target
        recording.put(passed)
    recording.start()
    recording.stop()
    assert recording.errors == {"RuntimeError": 2}
    assert ("gap", 2.0, "RuntimeError") in rows(tmp_path)
    assert sum(kind == "new" for kind, *_ in rows(tmp_path)) == 2
    assert len(said) == 2
    assert not any("secret" in line for line in said)


@pytest.mark.parametrize("told", ["key the-key is not valid", "the-key", "Bearer the-key!"])
def test_a_key_that_the_api_repeats_is_not_kept(tmp_path: Path, told: str) -> None:
    """Nor in which header it came."""
    recording = Writer(tmp_path, default_api(), time.monotonic(), _ROTATION, lambda line: None)
    for header in (b"Authorization", b"x-api-key", b"Cookie"):
        refused = exchange("stop", f'{{"code":400112,"message":"{told}"}}'.encode())
        refused.status = 401
        refused.headers = [(header, b"a=1; session=the-key" if header == b"Cookie" else b"the-key")]
        recording.put(refused)
    recording.start()
    recording.stop()
    details = [detail for kind, _, detail in rows(tmp_path) if kind == "stop"]
    assert len(details) == 3
    assert all(detail and "the-key" not in detail and "[the key]" in detail for detail in details)


def test_when_a_file_is_full() -> None:
    """By age or by size, but never without a row."""
    rotation = Rotation(seconds=10.0, size=100)
    assert [rotation.is_due(*each) for each in ((11, 1), (1, 100), (9, 99), (11, 0))] == [True, True, False, False]
