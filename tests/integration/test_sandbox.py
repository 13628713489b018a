"""The sandbox over real HTTP: every endpoint, the errors, the rules' switches, the log, and its end."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
import requests

from loadtests.model.api.description.default import default_api
from loadtests.model.text.input_error import InputError
from loadtests.sandbox.process import SandboxProcess

if TYPE_CHECKING:
    from tests.integration.conftest import Client

    Sandboxes = Callable[..., SandboxProcess]
    Clients = Callable[..., Client]

BOUND = 15.0
SESSION_CALLS = ("start", "task", "interrupt", "start_listening", "stop_listening", "keep_alive", "stop")


def until(condition: Callable[[], bool]) -> None:
    """Wait until `condition`, which must come within the bound."""
    ends = time.monotonic() + BOUND
    while not condition():
        assert time.monotonic() < ends, "it never came"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def shared() -> Iterator[str]:
    """The address of a sandbox without options that many tests share."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("KONPRO_API_KEY", raising=False)
        process = SandboxProcess()
    yield process.url
    process.close()


@pytest.fixture(scope="module")
def guarded() -> Iterator[str]:
    """The address of a sandbox that takes the key `right` alone."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("KONPRO_API_KEY", "right")
        process = SandboxProcess()
    yield process.url
    process.close()


@pytest.fixture
def api(shared: str, client: Clients) -> Iterator[Client]:
    """A client of the shared sandbox, in which nothing is open."""
    made = client(shared)
    yield made
    for session_id in made.listed():
        made.post("stop", session_id=session_id)


@pytest.fixture
def fresh(sandbox: Sandboxes, client: Clients) -> Client:
    """A client of a sandbox that has no history."""
    return client(sandbox().url)


def test_create_token_has_an_envelope_of_its_own(api: Client) -> None:
    """create_token answers `error` and `data` without a code, with another token each time, with a body or without."""
    first, second = api.send("POST", "/v1/streaming.create_token"), api.post("create_token")
    for said in (first, second):
        assert said.status == 200
        assert list(said.body) == ["error", "data"]
        assert said.body["error"] is None
        assert list(said.body["data"]) == ["token"]
    assert first.body["data"]["token"] != second.body["data"]["token"]


def test_new_tells_what_clients_expect(api: Client) -> None:
    """`new` answers each field that clients in the field read, and a session id that is a UUID of version 1."""
    said = api.post("new")
    assert (said.status, said.body["code"], said.body["message"]) == (200, 100, "success")
    data = said.body["data"]
    assert uuid.UUID(data["session_id"]).version == 1
    assert data["url"].startswith("wss://")
    assert all(isinstance(data[name], str) for name in ("access_token", "livekit_agent_token", "realtime_endpoint"))
    assert [data[name] for name in ("sdp", "ice_servers", "ice_servers2")] == [None] * 3
    assert isinstance(data["is_paid"], bool)
    assert data["session_duration_limit"] == 3600
    assert "warning" not in data


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"activity_idle_timeout": 30},
        {"activity_idle_timeout": 3599, "quality": "low"},
        {"activity_idle_timeout": None},
        {
            "quality": "high",
            "avatar_name": "Wayne_20240711",
            "voice": {"elevenlabs_settings": {}},
            "version": "v2",
            "video_encoding": "H264",
            "source": "sdk",
            "ia_is_livekit_transport": False,
        },
        {
            "avatar_id": "a",
            "voice": {"voice_id": "v", "rate": 1},
            "knowledge_base_id": "k",
            "activity_idle_timeout": 120,
        },
        {"disable_idle_timeout": False, "somebody's": {"own": ["field"]}},
    ],
)
def test_new_serves_typical_clients(api: Client, body: dict[str, Any]) -> None:
    """Bodies of clients in the field open a session; what is not known is tolerated."""
    assert api.open(**body) in api.listed()


def test_new_without_a_body_opens_with_the_default(api: Client) -> None:
    """`new` without any body is served too."""
    said = api.send("POST", "/v1/streaming.new")
    assert said.status == 200
    assert said.body["data"]["session_id"] in api.listed()


def test_session_lives_and_is_closed(api: Client) -> None:
    """Each call of a session's life is answered in the envelope, and its status shows in the list."""
    session_id = api.open()
    assert api.listed()[session_id]["status"] == "new"
    assert api.post("start", session_id=session_id, sdp={"type": "answer"}).body == {
        "code": 100,
        "message": "success",
        "data": {"status": "success"},
    }
    assert api.listed()[session_id]["status"] == "connected"
    task = api.post("task", session_id=session_id, text="hello there", task_mode="sync", task_type="talk")
    assert (task.status, task.body["code"]) == (200, 100)
    assert task.body["data"]["duration_ms"] > 0
    assert isinstance(task.body["data"]["task_id"], str)
    for call in ("interrupt", "start_listening", "stop_listening", "keep_alive"):
        assert api.post(call, session_id=session_id) == (200, {"code": 100, "message": "success", "data": None}), call
    assert api.post("stop", session_id=session_id).body["data"] == {"status": "success"}
    assert api.listed() == {}


def test_longer_tasks_play_longer_and_have_ids_of_their_own(api: Client) -> None:
    """The answer's length grows with the task's, and no two tasks share an id."""
    session_id = api.open()
    tasks = [api.post("task", session_id=session_id, text="word " * n).body["data"] for n in (1, 10, 100)]
    durations = [task["duration_ms"] for task in tasks]
    assert durations == sorted(durations)
    assert durations[2] == pytest.approx(100 * durations[0], rel=0.01)
    assert len({task["task_id"] for task in tasks}) == 3


def test_list_tells_id_status_creation_and_key(api: Client) -> None:
    """Each row of the list has the four fields of the facts, the creation in unix seconds."""
    before = int(time.time())
    session_id = api.open()
    said = api.get("/v1/streaming.list")
    assert (said.status, said.body["code"], list(said.body["data"])) == (200, 100, ["sessions"])
    (row,) = said.body["data"]["sessions"]
    assert set(row) == {"session_id", "status", "created_at", "api_key_type"}
    assert row["session_id"] == session_id
    assert before - 2 <= row["created_at"] <= time.time() + 2


def test_history_is_paged(fresh: Client) -> None:
    """v2's list shows open and closed sessions page by page, each once, and says when there are no more."""
    opened = [fresh.open() for _ in range(5)]
    fresh.post("stop", session_id=opened[0])
    seen: list[str] = []
    token: str | None = "1"
    while token:
        page = fresh.get("/v2/streaming.list", page=token, page_size=2).body["data"]
        assert (page["total"], page["page"], page["page_size"]) == (5, int(token), 2)
        assert len(page["data"]) == (1 if token == "3" else 2)
        seen += [row["session_id"] for row in page["data"]]
        token = page["next_pagination_token"]
    assert sorted(seen) == sorted(opened)


def test_history_filters_by_status_and_tells_durations(fresh: Client) -> None:
    """v2's list can be asked for a status; a closed session's duration stands still."""
    closed, opened = fresh.open(), fresh.open()
    fresh.post("stop", session_id=closed)
    (row,) = fresh.get("/v2/streaming.list", status="closed").body["data"]["data"]
    assert (row["session_id"], row["status"]) == (closed, "closed")
    assert 0 <= row["duration"] < BOUND
    assert fresh.get("/v2/streaming.list", status="closed").body["data"]["data"] == [row]
    page = fresh.get("/v2/streaming.list", status="new").body["data"]
    assert [row["session_id"] for row in page["data"]] == [opened]
    assert (page["total"], page["next_pagination_token"]) == (1, None)


def test_token_of_the_history_leads_to_the_next_page(fresh: Client) -> None:
    """`pagination_token` takes what `next_pagination_token` gave."""
    opened = [fresh.open() for _ in range(3)]
    first = fresh.get("/v2/streaming.list", page_size=2).body["data"]
    second = fresh.get("/v2/streaming.list", page_size=2, pagination_token=first["next_pagination_token"]).body["data"]
    assert sorted(row["session_id"] for row in first["data"] + second["data"]) == sorted(opened)


@pytest.mark.parametrize(
    "query",
    [
        {"page": "one"},
        {"page_size": "many"},
        {"page": "1.5"},
        {"page": "9" * 5000},
        {"page": "1_0"},
        {"page_size": "٣"},
        {"pagination_token": "next"},
        {"pagination_token": "next", "page": "1"},
    ],
)
def test_history_with_an_unusable_page(api: Client, query: dict[str, str]) -> None:
    """A page that is no number is an invalid parameter, and so is a token that a page goes before."""
    said = api.get("/v2/streaming.list", **query)
    assert (said.status, said.body["code"]) == (400, 40012)


@pytest.mark.parametrize("query", [{"page": "0"}, {"page": "-3"}, {"page_size": "0"}, {"page_size": "100000"}])
def test_history_out_of_range_is_brought_into_it(fresh: Client, query: dict[str, str]) -> None:
    """Pages and sizes out of range are clamped."""
    fresh.open()
    page = fresh.get("/v2/streaming.list", **query).body["data"]
    assert (page["total"], len(page["data"]), page["page"]) == (1, 1, 1)
    assert 1 <= page["page_size"] <= 100


def test_avatars_are_listed(api: Client) -> None:
    """The list of avatars has the four fields of the facts."""
    said = api.get("/v1/streaming/avatar.list")
    assert (said.status, said.body["code"]) == (200, 100)
    assert said.body["data"]
    assert all(set(row) == {"avatar_id", "created_at", "is_public", "status"} for row in said.body["data"])


def headers(**values: str) -> dict[str, str | None]:
    """Request headers with only these of authentication."""
    return {"Authorization": None, **{name.replace("_", "-"): value for name, value in values.items()}}


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"Authorization": "Bearer right"}, 200),
        ({"Authorization": "bearer right"}, 200),
        ({"x_api_key": "right"}, 200),
        ({"X_Api_Key": "right"}, 200),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "Bearer right2"}, 401),
        ({"Authorization": "Bearer "}, 401),
        ({"Authorization": "Basic right"}, 401),
        ({"Authorization": "right"}, 401),
        ({"x_api_key": "wrong"}, 401),
        ({"x_api_key": ""}, 401),
        ({}, 401),
    ],
)
def test_key_is_enforced_where_there_is_one(guarded: str, client: Clients, sent: dict[str, str], status: int) -> None:
    """With KONPRO_API_KEY set, that key alone is taken, by either header."""
    said = client(guarded).send("GET", "/v1/streaming.list", headers=headers(**sent))
    assert said.status == status
    if status == 401:
        assert said.body == {"code": 400112, "message": "Unauthorized", "data": None}


def test_refused_key_has_no_effect(guarded: str, client: Clients) -> None:
    """With a wrong key nothing is opened, and nothing closed."""
    right, wrong = client(guarded, key="right"), client(guarded, key="wrong")
    session_id = right.open()
    assert wrong.post("new").status == 401
    assert wrong.post("stop", session_id=session_id).status == 401
    assert list(right.listed()) == [session_id]


@pytest.mark.parametrize("value", [None, ""])
def test_any_key_is_taken_where_there_is_none(
    sandbox: Sandboxes, client: Clients, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    """Without KONPRO_API_KEY, or with an empty one, any key is taken; no key is not."""
    if value is not None:
        monkeypatch.setenv("KONPRO_API_KEY", value)
    api = client(sandbox().url)
    for sent in ({"Authorization": "Bearer x"}, {"x_api_key": "y"}):
        assert api.send("GET", "/v1/streaming.list", headers=headers(**sent)).status == 200
    assert api.send("GET", "/v1/streaming.list", headers=headers()).status == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/streaming.create_token"), *(("POST", f"/v1/streaming.{call}") for call in ("new", *SESSION_CALLS))]
    + [("GET", path) for path in ("/v1/streaming.list", "/v2/streaming.list", "/v1/streaming/avatar.list", "/no")],
)
def test_every_endpoint_asks_for_a_key(api: Client, method: str, path: str) -> None:
    """No endpoint answers anybody without a key."""
    assert api.send(method, path, headers=headers()).body["code"] == 400112


@pytest.mark.parametrize("call", SESSION_CALLS)
def test_calls_on_no_session(api: Client, call: str) -> None:
    """A session that never was is 404 10006, one that was closed 400 10005, and an id of a wrong type 400 40012."""
    said = api.post(call, session_id=str(uuid.uuid1()), text="x")
    assert (said.status, said.body) == (404, {"code": 10006, "message": "Session not found", "data": None})
    session_id = api.open()
    api.post("stop", session_id=session_id)
    said = api.post(call, session_id=session_id, text="x")
    assert (said.status, said.body["code"]) == (400, 10005)
    assert said.body["message"].startswith("Session state wrong")
    for wrong in ({}, {"session_id": None}, {"session_id": 7}, {"session_id": [session_id]}):
        said = api.post(call, **wrong)
        assert (said.status, said.body["code"], said.body["data"]) == (400, 40012, None)
        assert "session_id" in said.body["message"]


@pytest.mark.parametrize("value", [29, 29.9, 3600, 0, -1, 1e308, 10**400, True, False, "60", [], {}])
def test_idle_timeout_out_of_range_or_of_a_wrong_type(api: Client, value: Any) -> None:
    """An idle timeout outside 30 to 3599, or that is no number, is an invalid parameter and opens nothing."""
    said = api.post("new", activity_idle_timeout=value)
    assert (said.status, said.body["code"], said.body["data"]) == (400, 40012, None)
    assert "30 to 3599" in said.body["message"]
    assert api.listed() == {}


@pytest.mark.parametrize("call", ["create_token", "new", *SESSION_CALLS])
@pytest.mark.parametrize(
    "body", [b"{", b"not json", b'{"a":1}x', b"\xff\xfe", b"[" * 100_000], ids=lambda b: repr(b[:10])
)
def test_body_that_is_not_json(api: Client, call: str, body: bytes) -> None:
    """What is not JSON is 400 40118 everywhere."""
    said = api.send("POST", f"/v1/streaming.{call}", data=body)
    assert (said.status, said.body["code"], said.body["data"]) == (400, 40118, None)


@pytest.mark.parametrize("body", ["null", "[]", "7", '"session"', "true"])
def test_body_that_is_no_object(api: Client, body: str) -> None:
    """JSON that is no object is an invalid parameter."""
    said = api.send("POST", "/v1/streaming.new", data=body)
    assert (said.status, said.body["code"]) == (400, 40012)
    assert api.listed() == {}


@pytest.mark.parametrize("text", [7, None, ["a"], "x" * 100_001])
def test_text_of_a_wrong_type_or_length(api: Client, text: Any) -> None:
    """A task's text that is no string, or too long, is an invalid parameter."""
    said = api.post("task", session_id=api.open(), text=text)
    assert (said.status, said.body["code"]) == (400, 40012)


def test_body_that_is_too_large_is_refused(api: Client) -> None:
    """A body of two megabytes is refused, and the sandbox serves on."""
    try:
        said = api.send("POST", "/v1/streaming.new", data=b'{"x":"' + b"x" * (2 << 20) + b'"}')
    except requests.ConnectionError:
        pass
    else:
        assert said.status == 400
    assert api.listed() == {}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("POST", "/v1/streaming.nonsense"),
        ("GET", "/v1/streaming.new"),
        ("POST", "/v1/streaming.list"),
        ("DELETE", "/v1/streaming.stop"),
        ("POST", "/v1/streaming.new/"),
        ("PUT", "/%00%ff/../x"),
    ],
)
def test_no_such_endpoint(api: Client, method: str, path: str) -> None:
    """Another path or method is 404, in the envelope, and says what was asked for."""
    said = api.send(method, path)
    assert said.status == 404
    assert method in said.body["message"]
    assert said.body["code"] != 100


def test_limit_counts_open_sessions(sandbox: Sandboxes, client: Clients) -> None:
    """The limit refuses the session above it with 429 10007, and a stop frees a slot at once."""
    api = client(sandbox("--limit", "2").url)
    first, _ = api.open(), api.open()
    assert api.post("new") == (429, {"code": 10007, "message": "Concurrent limit reached", "data": None})
    assert len(api.listed()) == 2
    api.post("stop", session_id=first)
    api.open()
    assert api.post("new").status == 429


def test_refused_parameters_do_not_count(sandbox: Sandboxes, client: Clients) -> None:
    """A `new` with invalid parameters holds no slot."""
    api = client(sandbox("--limit", "1").url)
    for _ in range(3):
        api.post("new", activity_idle_timeout=1)
    api.open()


def test_idle_sessions_are_reaped_and_slots_freed(sandbox: Sandboxes, client: Clients) -> None:
    """After its idle timeout a session is gone from the list and from the limit, and answers as closed."""
    api = client(sandbox("--idle-range", "0.3:60", "--limit", "1").url)
    session_id = api.open(activity_idle_timeout=0.3)
    until(lambda: api.listed() == {})
    assert api.post("keep_alive", session_id=session_id).body["code"] == 10005
    (row,) = api.get("/v2/streaming.list", status="closed").body["data"]["data"]
    assert row["duration"] == pytest.approx(0.3, abs=1e-3)
    api.open()


def test_idle_range_is_what_it_is_set_to(sandbox: Sandboxes, client: Clients) -> None:
    """--idle-range moves the bounds, and the default into them."""
    api = client(sandbox("--idle-range", "1:5").url)
    for value, status in ((0.9, 400), (1, 200), (5, 200), (5.1, 400), (None, 200)):
        assert api.post("new", activity_idle_timeout=value).status == status, value


@pytest.mark.parametrize("call", [call for call in SESSION_CALLS if call != "stop"])
def test_every_activity_resets_the_idle_timer(sandbox: Sandboxes, client: Clients, tmp_path: Path, call: str) -> None:
    """A session with an activity is reaped one idle timeout after it, to the instant."""
    log = tmp_path / "log"
    api = client(sandbox("--idle-range", "0.5:60", "--log", str(log)).url)
    session_id = api.open(activity_idle_timeout=0.5)
    time.sleep(0.2)
    assert api.post(call, session_id=session_id, text="x").status == 200
    # Asking the list is no activity.
    until(lambda: api.listed() == {})
    until(lambda: len(events(log)) == 3)
    opened, active, closed = events(log)
    assert (active["event"], closed["cause"]) == ("activity", "idle")
    assert active["at"] - opened["at"] >= 0.2
    assert closed["at"] == pytest.approx(active["at"] + 0.5, abs=1e-6)


@pytest.mark.parametrize("value", [True, 1, "true"])
def test_disabling_the_idle_timeout_is_warned_about_and_has_no_effect(
    sandbox: Sandboxes, client: Clients, value: Any
) -> None:
    """disable_idle_timeout is accepted, answered with a warning, and the session is reaped all the same."""
    api = client(sandbox("--idle-range", "0.3:60").url)
    said = api.post("new", activity_idle_timeout=0.3, disable_idle_timeout=value)
    assert said.status == 200
    assert "disable_idle_timeout" in said.body["data"]["warning"]
    until(lambda: api.listed() == {})


def test_without_a_cap_new_reports_none(sandbox: Sandboxes, client: Clients) -> None:
    """Clients read a limit of 0 as no time at all, so the field is left out."""
    said = client(sandbox("--session-cap", "none").url).post("new")
    assert said.status == 200
    assert "session_duration_limit" not in said.body["data"]


def test_cap_ends_the_liveliest_session(sandbox: Sandboxes, client: Clients, tmp_path: Path) -> None:
    """--session-cap is told by `new`, and ends a session whatever its activity, to the instant."""
    log = tmp_path / "log"
    api = client(sandbox("--session-cap", "0.8", "--log", str(log)).url)
    data = api.post("new").body["data"]
    assert data["session_duration_limit"] == 0.8
    until(lambda: api.post("keep_alive", session_id=data["session_id"]).status != 200)
    until(lambda: events(log)[-1]["event"] == "closed")
    opened, *active, closed = events(log)
    assert {event["event"] for event in active} == {"activity"}
    assert closed["cause"] == "cap"
    assert closed["at"] == pytest.approx(opened["at"] + 0.8, abs=1e-6)


def events(log: Path) -> list[dict[str, Any]]:
    """What the log tells, but for a last line that is not whole yet."""
    return [json.loads(line) for line in log.read_text().splitlines(keepends=True) if line.endswith("\n")]


def test_log_is_what_happened(sandbox: Sandboxes, client: Clients, tmp_path: Path) -> None:
    """The log holds each open, activity and close, with its time and cause, and nothing of what was refused."""
    log = tmp_path / "log"
    process = sandbox("--idle-range", "0.3:60", "--limit", "2", "--log", str(log))
    api = client(process.url)
    before = time.monotonic()
    stopped, reaped = api.open(), api.open(activity_idle_timeout=0.3)
    assert api.post("new").status == 429
    api.post("new", activity_idle_timeout=0)
    api.post("keep_alive", session_id="nobody")
    api.post("start", session_id=stopped)
    api.listed()
    api.post("stop", session_id=stopped)
    api.post("stop", session_id=stopped)
    # Nobody asks, and the log is written all the same.
    until(lambda: len(events(log)) == 5)
    process.close()
    told = events(log)
    assert [(event["event"], event["session"], event.get("cause")) for event in told] == [
        ("opened", stopped, None),
        ("opened", reaped, None),
        ("activity", stopped, None),
        ("closed", stopped, "stop"),
        ("closed", reaped, "idle"),
    ]
    assert told[4]["at"] == pytest.approx(told[1]["at"] + 0.3, abs=1e-6)
    assert before <= told[0]["at"] <= time.monotonic()


def test_accounts_are_apart(sandbox: Sandboxes, client: Clients) -> None:
    """Two sandboxes share nothing."""
    one, other = client(sandbox().url), client(sandbox().url)
    session_id = one.open()
    assert other.listed() == {}
    assert other.post("stop", session_id=session_id).status == 404


def test_request_cut_in_the_middle_has_no_effect(sandbox: Sandboxes, client: Clients) -> None:
    """Half a `new` opens nothing, and the sandbox serves on."""
    api = client(sandbox().url)
    host, port = api.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=BOUND) as half:
        half.sendall(
            b"POST /v1/streaming.new HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\nContent-Length: 50\r\n\r\n{"
        )
    assert api.listed() == {}
    assert api.open() in api.listed()


def test_it_ends_when_its_parents_pipe_closes(sandbox: Sandboxes, client: Clients) -> None:
    """`close` ends the process, with clients connected or not, and nobody listens any more."""
    process = sandbox()
    api = client(process.url)
    api.open()
    pid = process.pid
    assert psutil.pid_exists(pid)
    process.close()
    assert not psutil.pid_exists(pid)
    with pytest.raises(requests.ConnectionError):
        api.listed()
    process.close()


def test_it_ends_with_a_parent_that_is_killed() -> None:
    """A parent that dies without a word takes its sandbox with it."""
    program = (
        "import time; from loadtests.sandbox.process import SandboxProcess\n"
        "process = SandboxProcess(); print(process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        assert child.is_running()
        parent.kill()
    child.wait(timeout=BOUND)


def test_sandbox_that_cannot_start_is_told(sandbox: Sandboxes, capfd: pytest.CaptureFixture[str]) -> None:
    """A port that is taken is an InputError for whoever wanted a sandbox."""
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(InputError, match="69"):
        sandbox("--port", str(taken.getsockname()[1]))
    assert "cannot listen on 127.0.0.1" in capfd.readouterr().err


def look(url: str, count: int = 1, every: float = 0.1) -> list[dict[str, Any]]:
    """The first looks of a real observer process at `url`."""
    orders = {
        "origin": url,
        "api": default_api().model_dump_json(),
        "every": every,
        "timeout": 5.0,
        "zero": time.monotonic(),
    }
    command = [sys.executable, "-m", "loadtests.observing.list_observer"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(os.environ)) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(orders).encode() + b"\n")
        process.stdin.flush()
        looks = [json.loads(process.stdout.readline()) for _ in range(count)]
        process.stdin.close()
        process.wait(timeout=BOUND)
    return looks


@pytest.mark.parametrize("key", [None, "", "right"])
def test_observer_sees_what_the_sandbox_lists(
    sandbox: Sandboxes, client: Clients, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    """The observer finds the open sessions, whether KONPRO_API_KEY is unset, empty (as good as unset) or a key."""
    if key is not None:
        monkeypatch.setenv("KONPRO_API_KEY", key)
    process = sandbox()
    session_id = client(process.url, key=key or "sandbox").open()
    first, second = look(process.url, 2)
    assert (first["outcome"], first["count"]) == ("ok", 1)
    assert [seen for seen, _ in first["appeared"]] == [session_id]
    assert (second["outcome"], second["count"], second["appeared"], second["vanished"]) == ("ok", 1, [], [])
    assert second["since"] == first["sent"]
    assert (
        second["intended"] - first["intended"] == pytest.approx(0.1, abs=1e-6) or second["intended"] > first["answered"]
    )
