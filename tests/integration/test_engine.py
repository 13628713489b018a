"""The engine: behaviours of a few steps against the real sandbox, and against servers that misbehave."""

from __future__ import annotations

import contextlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gevent
import pyarrow as pa
import pytest

from loadtests.engine.engine import Engine
from loadtests.engine.pool import Pool
from loadtests.http.codec import Codec
from loadtests.http.connection import Connection
from loadtests.http.route import route_to
from loadtests.model.api.answer import Answer, Outcome, Reason
from loadtests.model.api.description.changes import ApiChanges
from loadtests.model.api.description.default import default_api
from loadtests.model.api.description.description import ApiDescription
from loadtests.model.api.operation import Operation
from loadtests.model.log.record import NANOSECONDS, Observation, Row
from loadtests.model.people.draw import Draw
from loadtests.model.people.profile import build_profile
from loadtests.model.run.guard import UNGUARDED, Guard
from loadtests.model.session.behaviour import visit
from loadtests.model.session.person import Person
from loadtests.model.session.session import Holder, Session, State
from loadtests.model.session.steps import Arrive, Behaviour, Call, Closing, Fork, Note, NoteKind, Sleep
from loadtests.recording.ledger import Ledger, read_ledgers
from loadtests.recording.recorder import Recorder

if TYPE_CHECKING:
    from loadtests.sandbox.process import SandboxProcess
    from tests.integration.conftest import Client, FaultServer, Peer, Script

    Sandboxes = Callable[..., SandboxProcess]
    Servers = Callable[..., FaultServer]
    Clients = Callable[..., Client]
    Rigs = Callable[..., "Rig"]

BOUND = 15.0
NEW, START, TASK, KEEP_ALIVE, STOP = (
    Operation.NEW,
    Operation.START,
    Operation.TASK,
    Operation.KEEP_ALIVE,
    Operation.STOP,
)

UNCAPPED = ("--session-cap", "none")
"""Without a duration limit, which would be one more row for each session."""


class Rig:
    """An engine with a record, a ledger and a listener that remembers."""

    def __init__(self, url: str, folder: Path, timeout: float, described: ApiDescription, guard: Guard) -> None:
        folder.mkdir()
        self.folder = folder
        self._zero = time.monotonic()
        route = route_to(url)
        self.recorder = Recorder(folder, ["p"])
        self.ledger = Ledger(folder)
        self.told: list[tuple[Call, Answer, int]] = []
        self.events: list[tuple[str, int]] = []
        api = Codec(route, described, "key", {})
        self.engine = Engine(
            api, lambda: Connection(route, self.now), self.recorder, self.ledger, self.now, timeout, guard
        )
        self.engine.add_listener(self)
        self._numbers = 0

    def now(self) -> float:
        """Seconds since the rig began."""
        return time.monotonic() - self._zero

    def session(self, idle_timeout: float = 60.0) -> Session:
        """A session to be opened."""
        self._numbers += 1
        return Session(self._numbers, "p", idle_timeout)

    def on_answer(self, call: Call, answer: Answer, size: int) -> None:
        """Record the answer."""
        self.told.append((call, answer, size))

    def on_open(self, session: Session) -> None:
        """Record the event."""
        self.events.append(("opened", session.number))

    def on_close(self, session: Session, at: float) -> None:
        """Record the event."""
        self.events.append(("closed", session.number))

    def on_give_up(self, session: Session) -> None:
        """Record the event."""
        self.events.append(("given up", session.number))

    def until(self, condition: Callable[[], bool]) -> None:
        """Let the engine work until `condition`, which must come within the bound."""
        with gevent.Timeout(BOUND):
            while not condition():
                gevent.sleep(0.005)

    def run(self, behaviour: Behaviour) -> None:
        """Run `behaviour` to its end."""
        ended: list[bool] = []

        def whole() -> Behaviour:
            yield from behaviour
            ended.append(True)

        self.engine.start(whole())
        self.until(lambda: bool(ended))

    def rows(self) -> list[Row]:
        """All rows so far."""
        self.recorder.flush()
        with pa.OSFile(str(self.folder / "events.arrow")) as file:
            stream = pa.ipc.open_stream(file)
            rows: list[Row] = []
            with contextlib.suppress(StopIteration, pa.ArrowInvalid, OSError):
                while True:
                    batch = stream.read_next_batch()
                    rows.extend(Row(*row) for row in zip(*(c.to_pylist() for c in batch.columns), strict=True))
            return rows

    def lines(self) -> list[list[Any]]:
        """The ledger's lines so far."""
        return [json.loads(line) for line in (self.folder / "ledger.jsonl").read_bytes().splitlines()]

    def books(self) -> list[tuple[Any, ...]]:
        """The ledger's lines without their times."""
        return [tuple(line[:-1]) for line in self.lines()]

    def close(self) -> None:
        """End it."""
        with gevent.Timeout(BOUND):
            self.engine.close()
        self.recorder.close()
        self.ledger.close()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rigs]:
    """Makes engines: `rig(url, timeout=1.0)`."""
    with contextlib.ExitStack() as stack:

        def make(url: str, timeout: float = 30.0, api: ApiDescription | None = None, guard: Guard = UNGUARDED) -> Rig:
            made = Rig(url, tmp_path / "run", timeout, api or default_api(), guard)
            stack.callback(made.close)
            return made

        yield make


@pytest.fixture
def one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Engines have pools of one connection."""
    monkeypatch.setattr("loadtests.engine.engine.Pool", partial(Pool, most=1))


def calls(session: Session, *operations: Operation, now: float = 0.0) -> Behaviour:
    """These calls, one after the other, each due when the one before was answered."""
    for operation in operations:
        answer: Answer = yield Call(session, operation, now, words=3)
        now = answer.answered


def test_rows_tell_a_whole_life(rig: Rigs, sandbox: Sandboxes) -> None:
    """Each call of a session's life is one row with its status, code, outcome, holder, value and detail."""
    engine = rig(sandbox(*UNCAPPED).url)
    session = engine.session(90.0)
    engine.run(calls(session, NEW, START, TASK, KEEP_ALIVE, STOP))
    rows = engine.rows()
    assert [(row.kind, row.holder) for row in rows] == [
        ("new", "active"),
        ("start", "active"),
        ("task", "active"),
        ("keep_alive", "active"),
        ("stop", "none"),
    ]
    for row in rows:
        assert (row.session, row.profile, row.worker) == (1, "p", 0)
        assert (row.status, row.code, row.outcome) == (200, 100, "ok")
        assert row.t >= row.intended >= 0
        assert row.latency > 0
    assert [row.detail for row in rows] == [session.id, None, None, None, None]
    # 3 words asked, 214.5/69.5 words answered for each, 183 words a minute.
    assert [row.value for row in rows] == [90.0, 0.0, pytest.approx(3 * 214.5 / 69.5 / (183 / 60), abs=1e-3), 0.0, 0.0]
    assert len(session.id) == 36
    assert engine.events == [("opened", 1), ("closed", 1)]
    assert [(call.operation, answer.outcome) for call, answer, _ in engine.told] == [
        (operation, Outcome.OK) for operation in (NEW, START, TASK, KEEP_ALIVE, STOP)
    ]
    assert all(size > 0 for _, _, size in engine.told)
    assert engine.engine.sessions == {}
    assert engine.engine.defects == 0


def test_requests_of_a_session_share_a_connection(rig: Rigs, fault_server: Servers) -> None:
    """Calls in a row are requests on one kept connection."""

    def serve(peer: Peer) -> None:
        while peer.request():
            peer.answer(b'{"code":100,"data":{"session_id":"a"}}')

    server = fault_server(serve)
    engine = rig(server.url)
    engine.run(calls(engine.session(), NEW, START, TASK, KEEP_ALIVE, STOP))
    assert len(server.requests) == 5
    assert server.connections == 1


def test_request_on_the_wire_is_as_documented(rig: Rigs, fault_server: Servers) -> None:
    """Requests go to the API's paths with the key and the body that the facts name."""

    def serve(peer: Peer) -> None:
        while peer.request():
            peer.answer(b'{"code":100,"data":{"session_id":"abc"}}')

    server = fault_server(serve)
    engine = rig(server.url)
    engine.run(calls(engine.session(75.0), Operation.CREATE_TOKEN, NEW, START, TASK, KEEP_ALIVE, STOP))
    heads, bodies = zip(*(request.split(b"\r\n\r\n") for request in server.requests), strict=True)
    assert [head.split(b"\r\n")[0] for head in heads] == [
        b"POST /v1/streaming.%b HTTP/1.1" % name
        for name in (b"create_token", b"new", b"start", b"task", b"keep_alive", b"stop")
    ]
    for head in heads:
        assert b"\r\nAuthorization: Bearer key\r\n" in head
        assert b"\r\nHost: 127.0.0.1:%d\r\n" % server.port in head
        assert b"\r\nContent-Type: application/json\r\n" in head
    assert bodies[0] == b""
    assert json.loads(bodies[1]) == {"activity_idle_timeout": 75}
    task = json.loads(bodies[3])
    assert (task["session_id"], len(task["text"].split())) == ("abc", 3)
    assert [json.loads(bodies[n]) for n in (2, 4, 5)] == [{"session_id": "abc"}] * 3


def test_intended_and_sent_are_kept_apart(rig: Rigs, sandbox: Sandboxes) -> None:
    """A call's row keeps when it was due; it is never sent before, and not long after where nothing hinders."""
    engine = rig(sandbox(*UNCAPPED).url)
    session = engine.session()
    due = engine.now() + 0.4

    def behaviour() -> Behaviour:
        woken = yield Sleep(due)
        assert woken == due
        yield Call(session, NEW, due)
        # Due long ago: sent now, and its lateness is to be seen.
        yield Call(session, KEEP_ALIVE, due - 0.25)

    engine.run(behaviour())
    new, late = engine.rows()
    assert new.intended == int(due * NANOSECONDS)
    assert 0 <= new.t - new.intended < 5 * NANOSECONDS
    assert late.intended == int((due - 0.25) * NANOSECONDS)
    assert late.t - late.intended >= 0.25 * NANOSECONDS
    assert late.t >= new.t + new.latency


def test_sleeps_do_not_drift(rig: Rigs, fault_server: Servers, polite: Script) -> None:
    """A sleeper is told the time that it asked for, in the order of due times, and one that is over at once."""
    engine = rig(fault_server(polite).url)
    begin = engine.now()
    woken: list[tuple[str, float, float]] = []

    def sleeper(name: str, *offsets: float) -> Behaviour:
        for offset in offsets:
            told = yield Sleep(begin + offset)
            woken.append((name, told - begin, engine.now() - begin))

    engine.engine.start(sleeper("a", 0.3, 0.1, 0.5))
    engine.engine.start(sleeper("b", 0.2, 0.4))
    engine.until(lambda: len(woken) == 5)
    assert [(name, round(told, 6)) for name, told, _ in woken] == [
        ("b", 0.2),
        ("a", 0.3),
        ("a", 0.1),
        ("b", 0.4),
        ("a", 0.5),
    ]
    assert all(real >= told - 1e-6 for _, told, real in woken)


def test_fork_runs_beside_and_ends_with_its_scope(rig: Rigs, fault_server: Servers, polite: Script) -> None:
    """A fork goes on beside its behaviour; stopping the scope ends both, wherever they are."""
    engine = rig(fault_server(polite).url)
    ticks: list[str] = []
    closed: list[str] = []

    def ticking(name: str) -> Behaviour:
        try:
            while True:
                ticks.append(name)
                yield Sleep(engine.now() + 0.01)
        finally:
            closed.append(name)

    def behaviour() -> Behaviour:
        yield Fork(ticking("fork"))
        yield from ticking("self")

    scope = engine.engine.start(behaviour())
    engine.until(lambda: ticks.count("fork") > 2 and ticks.count("self") > 2)
    assert engine.engine.stop(scope) == []
    engine.until(lambda: sorted(closed) == ["fork", "self"])
    ended = len(ticks)
    beyond = engine.now() + 0.1
    engine.until(lambda: engine.now() > beyond)
    assert len(ticks) == ended


def test_people_who_arrived_stay_when_their_stream_is_stopped(rig: Rigs, sandbox: Sandboxes) -> None:
    """Arrive runs a person of their own: stopping the stream that let them in neither ends nor returns them."""
    engine = rig(sandbox().url)
    arrived, own = engine.session(), engine.session()

    def visit() -> Behaviour:
        yield Call(arrived, NEW, engine.now())
        yield Sleep(engine.now() + 0.3)
        yield Call(arrived, STOP, engine.now())

    def stream() -> Behaviour:
        yield Arrive(visit())
        yield Call(own, NEW, engine.now())
        yield Sleep(engine.now() + 0.3)
        yield Call(own, STOP, engine.now())

    scope = engine.engine.start(stream())
    engine.until(lambda: arrived.state is State.OPEN and own.state is State.OPEN)
    assert engine.engine.stop(scope) == [own]
    engine.until(lambda: arrived.state is State.CLOSED)
    gevent.sleep(0.05)
    assert own.state is State.OPEN


def test_a_behaviour_that_returns_another_is_replaced_by_it(rig: Rigs, sandbox: Sandboxes) -> None:
    """As by a tail call, in the same scope: the first is over when the second begins, and stopping the scope ends the second."""
    engine = rig(sandbox().url)
    session = engine.session()
    happened: list[str] = []

    def first() -> Behaviour:
        try:
            yield Call(session, NEW, engine.now())
            return second()
        finally:
            happened.append("first over")

    def second() -> Behaviour:
        happened.append("second begun")
        yield Call(session, STOP, engine.now())
        return third()

    def third() -> Behaviour:
        try:
            while True:
                yield Sleep(engine.now() + 0.01)
        finally:
            happened.append("third over")

    scope = engine.engine.start(first())
    engine.until(lambda: session.state is State.CLOSED)
    assert happened == ["first over", "second begun"]
    engine.engine.stop(scope)
    engine.until(lambda: happened[2:] == ["third over"])


def test_stop_returns_what_the_scope_left_open(rig: Rigs, sandbox: Sandboxes) -> None:
    """Sessions of a scope's forks are its own too; those that were closed or refused are not returned."""
    engine = rig(sandbox("--limit", "3").url)
    kept, closed, forked, refused = (engine.session() for _ in range(4))

    def behaviour() -> Behaviour:
        yield from calls(kept, NEW)
        yield from calls(closed, NEW, STOP)
        yield Fork(calls(forked, NEW, START))
        yield Sleep(engine.now() + 60)

    scope = engine.engine.start(behaviour())
    engine.until(lambda: forked.state is State.OPEN)
    other = engine.engine.start(calls(refused, NEW, STOP))
    engine.until(lambda: refused.state is not State.OPENING)
    assert engine.engine.stop(scope) == [kept, forked]
    left = engine.engine.stop(other)
    assert left == ([refused] if refused.state in (State.OPEN, State.CLOSING) else [])


def test_what_is_opened_after_its_user_was_stopped_is_closed(rig: Rigs, fault_server: Servers) -> None:
    """A `new` under way when its scope is stopped gets into record and ledger; nobody goes on, and we close it."""
    answering = threading.Event()

    def serve(peer: Peer) -> None:
        while peer.request():
            answering.wait(BOUND)
            peer.answer(b'{"code":100,"data":{"session_id":"late"}}')

    engine = rig(fault_server(serve).url)
    session = engine.session()
    scope = engine.engine.start(calls(session, NEW, START))
    engine.until(lambda: engine.engine.busy)
    assert engine.engine.stop(scope) == [session]
    answering.set()
    engine.until(lambda: not engine.engine.busy)
    engine.until(lambda: session.state is State.CLOSED)
    assert session.id == "late"
    assert [(row.kind, row.value) for row in engine.rows() if row.kind != "new"] == [("stop", float(Closing.RUN))]
    assert engine.books() == [("intent", 1), ("open", 1, "late"), ("closed", 1)]


def test_stop_all_withholds_what_waits_and_hears_out_what_is_under_way(
    rig: Rigs, fault_server: Servers, one_connection: None
) -> None:
    """At the end jobs without a connection are withheld and never sent; the one under way is answered."""
    answering = threading.Event()

    def serve(peer: Peer) -> None:
        while peer.request():
            answering.wait(BOUND)
            peer.answer(b'{"code":100,"data":{"session_id":"first"}}')

    server = fault_server(serve)
    engine = rig(server.url)
    sessions = [engine.session() for _ in range(3)]
    for session in sessions:
        engine.engine.start(calls(session, NEW, START))
    engine.until(lambda: len(server.requests) == 1)
    engine.engine.stop_all()
    assert [session.state for session in sessions] == [State.OPENING, State.PLANNED, State.PLANNED]
    answering.set()
    engine.until(lambda: not engine.engine.busy)
    assert [(row.session, row.kind, row.outcome, row.reason, row.detail) for row in engine.rows()] == [
        (2, "new", "withheld", "run-ended", None),
        (3, "new", "withheld", "run-ended", None),
        (1, "new", "ok", "", "first"),
    ]
    assert engine.books() == [
        ("intent", 1),
        ("intent", 2),
        ("intent", 3),
        ("refused", 2),
        ("refused", 3),
        ("open", 1, "first"),
    ]
    assert len(server.requests) == 1
    assert engine.engine.opening == {}
    assert list(engine.engine.sessions) == [1]


def test_after_stop_all_nobody_arrives_but_closing_still_works(rig: Rigs, sandbox: Sandboxes, client: Clients) -> None:
    """Streams, their people and forks are over; a behaviour started afterwards (the drain's) is carried out."""
    served = sandbox()
    engine = rig(served.url)
    session = engine.session()
    ticks: list[float] = []

    def person() -> Behaviour:
        yield Call(session, NEW, engine.now())
        while True:
            ticks.append((yield Sleep(engine.now() + 0.01)))

    def stream() -> Behaviour:
        yield Arrive(person())
        while True:
            yield Sleep(engine.now() + 0.01)

    engine.engine.start(stream())
    engine.until(lambda: len(ticks) > 2)
    engine.engine.stop_all()
    count = len(ticks)
    assert list(client(served.url).listed()) == [session.id]

    def closing() -> Behaviour:
        yield Call(session, STOP, engine.now(), closing=Closing.RUN)

    engine.run(closing())
    assert len(ticks) == count
    assert client(served.url).listed() == {}
    assert (engine.rows()[-1].kind, engine.rows()[-1].value) == ("stop", 1.0)


def test_ledger_is_written_before_anything_is_sent(rig: Rigs, fault_server: Servers) -> None:
    """The intent is in the file when `new` reaches the API, the id when the next call does, and `closed` comes last."""
    seen: list[list[tuple[Any, ...]]] = []
    made: list[Rig] = []

    def serve(peer: Peer) -> None:
        while peer.request():
            seen.append(made[0].books())
            peer.answer(b'{"code":100,"data":{"session_id":"abc"}}')

    made.append(rig(fault_server(serve).url))
    made[0].run(calls(made[0].session(), NEW, START, STOP))
    opened = [("intent", 1), ("open", 1, "abc")]
    assert seen == [[("intent", 1)], opened, opened]
    assert made[0].books() == [*opened, ("closed", 1)]
    times = [line[-1] for line in made[0].lines()]
    assert times == sorted(times)


def test_many_sessions_keep_the_ledgers_order(rig: Rigs, sandbox: Sandboxes) -> None:
    """Of each session the intent comes before the open, the open before the closed; nothing is left open."""
    engine = rig(sandbox().url)
    sessions = [engine.session() for _ in range(50)]
    for session in sessions:
        engine.engine.start(calls(session, NEW, START, TASK, STOP))
    engine.until(lambda: all(session.state is State.CLOSED for session in sessions))
    by_number: dict[int, list[str]] = {}
    for what, number, *_ in engine.books():
        by_number.setdefault(number, []).append(what)
    assert by_number == {session.number: ["intent", "open", "closed"] for session in sessions}
    assert read_ledgers([engine.folder / "ledger.jsonl"]).open == {}
    assert len({session.id for session in sessions}) == 50


def test_refusal_is_told_and_leaves_nothing_behind(rig: Rigs, sandbox: Sandboxes) -> None:
    """A `new` over the limit is a concurrency hit in the record, `refused` in the ledger, and no session."""
    engine = rig(sandbox("--limit", "1").url)
    first, second = engine.session(), engine.session()
    engine.run(calls(first, NEW))
    engine.run(calls(second, NEW))
    row = engine.rows()[-1]
    assert (row.status, row.code, row.outcome, row.holder) == (429, 10007, "fail", "none")
    assert (row.reason, row.detail) == ("concurrency-limit", "Concurrent limit reached")
    assert engine.books()[-1] == ("refused", 2)
    assert second.state is State.PLANNED
    assert list(engine.engine.sessions) == [1]
    engine.run(calls(first, STOP))
    engine.run(calls(second, NEW))
    assert second.state is State.OPEN


def test_a_person_who_gives_up_is_told_of_once(rig: Rigs, sandbox: Sandboxes) -> None:
    """Not at each refusal: while they try again, what they were refused is still to come."""
    engine = rig(sandbox("--limit", "1").url)
    engine.run(calls(engine.session(), NEW))
    waits = {"retries": 1, "backoff": 0.01}
    profile = build_profile("p", {"name": "p", "session_length": 5, "on_refusal": waits}, Path(), (1, 3599))
    engine.run(visit(Person(profile, Draw.of(1), lambda: 7), engine.engine.now()))
    assert [row.outcome for row in engine.rows() if row.kind == "new" and row.session == 7] == ["fail", "fail"]
    assert [event for event in engine.events if event[0] == "given up"] == [("given up", 7)]


def test_reaped_session_is_found_dead(rig: Rigs, sandbox: Sandboxes) -> None:
    """A call on a session that the API has closed ends it in the record and in the ledger."""
    engine = rig(sandbox("--idle-range", "1:60").url)
    session = engine.session(1.0)

    def behaviour() -> Behaviour:
        answer: Answer = yield Call(session, NEW, engine.now())
        now = yield Sleep(answer.answered + 1.1)
        yield Call(session, KEEP_ALIVE, now)

    engine.run(behaviour())
    row = engine.rows()[-1]
    assert (row.status, row.code, row.outcome, row.holder, row.reason) == (400, 10005, "fail", "none", "session-closed")
    assert engine.books()[-1] == ("closed", 1)
    assert engine.events == [("opened", 1), ("closed", 1)]


def test_keep_alives_hold_a_session_that_would_be_reaped(rig: Rigs, sandbox: Sandboxes) -> None:
    """With a keep-alive each 0.4 s a session of one idle second outlives two of them, and its due time moves."""
    engine = rig(sandbox(*UNCAPPED, "--idle-range", "1:60").url)
    session = engine.session(1.0)

    def behaviour() -> Behaviour:
        answer: Answer = yield Call(session, NEW, engine.now())
        for tick in range(1, 7):
            now = yield Sleep(answer.answered + 0.4 * tick)
            yield Call(session, KEEP_ALIVE, now)

    engine.run(behaviour())
    assert [row.outcome for row in engine.rows()] == ["ok"] * 7
    earliest, latest = session.due
    last = engine.rows()[-1]
    assert earliest == pytest.approx(last.t / NANOSECONDS + 1, abs=1e-6)
    assert latest == pytest.approx((last.t + last.latency) / NANOSECONDS + 1, abs=1e-6)


def test_lost_answer_may_have_opened_a_session(rig: Rigs, fault_server: Servers) -> None:
    """A `new` whose answer never came is unknown, held as leaked, and lost in the ledger: neither open nor refused."""

    def serve(peer: Peer) -> None:
        peer.request()

    server = fault_server(serve)
    engine = rig(server.url)
    session = engine.session()
    engine.run(calls(session, NEW))
    (row,) = engine.rows()
    assert (row.status, row.outcome, row.holder, row.reason) == (0, "unknown", "leaked", "reset")
    assert session.state is State.LOST
    assert engine.books() == [("intent", 1), ("lost", 1)]
    assert list(engine.engine.sessions) == [1]
    assert engine.engine.opening == {}
    assert len(server.requests) == 1


def test_a_lost_session_holds_its_place_until_it_is_due(
    rig: Rigs, fault_server: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under a guard of one session: the next is withheld until the lost one must have been reaped, and is then admitted.

    While it may be open, its time counts as session time.
    """
    monkeypatch.setattr("loadtests.model.session.unanswered.LOST_SECONDS", 0.1)

    def serve(peer: Peer) -> None:
        peer.request()

    engine = rig(fault_server(serve).url, guard=Guard(max_open=1))
    lost, early, late = engine.session(0.4), engine.session(), engine.session()
    engine.run(calls(lost, NEW))
    engine.engine.tick()
    engine.run(calls(early, NEW))
    assert engine.told[-1][1].reason is Reason.MAX_OPEN
    assert engine.engine.occupancy.by_profile() == {"p": {"unconfirmed": 1}}

    def is_released() -> bool:
        engine.engine.tick()
        return not engine.engine.sessions

    engine.until(is_released)
    assert lost.due[1] + 0.1 <= engine.now()
    assert engine.engine.session_seconds >= 0.4
    assert engine.engine.occupancy.by_profile() == {"p": {}} or not engine.engine.occupancy.by_profile()
    engine.run(calls(late, NEW))
    assert engine.told[-1][1].reason is not Reason.MAX_OPEN


def test_hanging_new_is_given_up_as_unknown(rig: Rigs, fault_server: Servers) -> None:
    """A `new` that hangs is timed out by the engine's timeout, and may have opened a session."""

    def serve(peer: Peer) -> None:
        peer.request()
        peer.request()

    engine = rig(fault_server(serve).url, timeout=0.4)
    session = engine.session()
    engine.run(calls(session, NEW))
    (row,) = engine.rows()
    assert (row.outcome, row.holder, row.reason) == ("unknown", "leaked", "timeout")
    assert 0.4 * NANOSECONDS <= row.latency <= 1.4 * NANOSECONDS


def test_unsent_new_opened_nothing(rig: Rigs, fault_server: Servers) -> None:
    """Where nobody listens `new` failed for certain, and the ledger says refused."""
    server = fault_server(lambda peer: None)
    server.close()
    engine = rig(server.url)
    session = engine.session()
    engine.run(calls(session, NEW))
    (row,) = engine.rows()
    assert (row.outcome, row.holder, row.reason, row.latency) == ("fail", "none", "connect", 0)
    assert engine.books() == [("intent", 1), ("refused", 1)]


def test_crash_cuts_the_request_and_leaves_the_session(rig: Rigs, sandbox: Sandboxes, client: Clients) -> None:
    """A crash sends half a request: unknown to the client, no activity to the API, and the session stays open."""
    served = sandbox(*UNCAPPED)
    engine = rig(served.url)
    session = engine.session()

    def behaviour() -> Behaviour:
        yield Call(session, NEW, engine.now())
        session.leave("crash")
        yield Note(session, NoteKind.LEAVE, engine.now(), detail="crash")
        yield Call(session, TASK, engine.now(), words=1, cut=True)

    engine.run(behaviour())
    assert [(row.kind, row.outcome, row.holder, row.reason or row.detail) for row in engine.rows()] == [
        ("new", "ok", "active", session.id),
        ("leave", "none", "leaked", "crash"),
        ("task", "unknown", "leaked", "cut"),
    ]
    assert list(client(served.url).listed()) == [session.id]
    assert read_ledgers([engine.folder / "ledger.jsonl"]).open == {1: session.id}


def test_duration_limit_is_noted(rig: Rigs, sandbox: Sandboxes) -> None:
    """A duration limit that `new` tells is a row of its own, and part of the due time."""
    engine = rig(sandbox("--session-cap", "45").url)
    session = engine.session()
    engine.run(calls(session, NEW))
    assert sorted((row.kind, row.value) for row in engine.rows()) == [("cap", 45.0), ("new", 60.0)]
    assert session.due[1] == pytest.approx(session.opened + 45)


def test_call_that_the_api_does_not_have_is_withheld(rig: Rigs, sandbox: Sandboxes) -> None:
    """A call with an empty path is withheld, the behaviour goes on, and the session is none the livelier for it."""
    engine = rig(sandbox(*UNCAPPED).url, api=ApiChanges(keep_alive="", interrupt="").applied(default_api()))
    session = engine.session()
    engine.run(calls(session, NEW))
    due = session.due
    engine.run(calls(session, KEEP_ALIVE, Operation.INTERRUPT, now=engine.now()))
    assert [(row.kind, row.outcome, row.reason) for row in engine.rows()[1:]] == [
        ("keep_alive", "withheld", "no-such-call"),
        ("interrupt", "withheld", "no-such-call"),
    ]
    assert session.due == due


def test_error_of_ours_is_counted_and_ends_one_behaviour_only(
    rig: Rigs, sandbox: Sandboxes, caplog: pytest.LogCaptureFixture
) -> None:
    """A behaviour that raises is counted; the others go on. The message names its file and line, without our frames."""
    engine = rig(sandbox().url)
    session = engine.session()

    def broken() -> Behaviour:
        yield Sleep(engine.now() + 0.01)
        raise ZeroDivisionError

    engine.engine.start(broken())
    engine.until(lambda: engine.engine.defects == 1)
    engine.run(calls(session, NEW, STOP))
    assert session.state is State.CLOSED
    assert re.search(r"Error in your code, .*test_engine.py, line \d+: ZeroDivisionError", caplog.text)
    assert "Traceback" not in caplog.text


def test_beat_writes_how_late_the_loop_was(rig: Rigs, fault_server: Servers, polite: Script) -> None:
    """Each beat is a row with the longest delay since the last one: a blocked process shows, and is not told twice."""
    engine = rig(fault_server(polite).url)
    engine.until(lambda: engine.now() > 0.02)
    engine.engine.tick()
    gevent.sleep(0.05)
    time.sleep(0.6)
    gevent.sleep(0.05)
    assert engine.engine.tick() >= 0.3
    rows = [row for row in engine.rows() if row.kind == "loop"]
    assert len(rows) == 2
    assert rows[1].value >= 0.3
    gevent.sleep(0.05)
    assert engine.engine.tick() < rows[1].value


def test_wait_for_a_connection_is_told_apart(rig: Rigs, fault_server: Servers, one_connection: None) -> None:
    """What a request waited for a connection is in its row: the rest of its lateness is the loop's own."""
    answering = threading.Event()

    def serve(peer: Peer) -> None:
        while peer.request():
            answering.wait(BOUND)
            peer.answer(b'{"code":100,"data":{"session_id":"a"}}')

    server = fault_server(serve)
    engine = rig(server.url)
    for session in (engine.session(), engine.session()):
        engine.engine.start(calls(session, NEW, now=engine.now()))
    engine.until(lambda: bool(server.requests))
    since = engine.now()
    engine.until(lambda: engine.now() > since + 0.3)
    answering.set()
    engine.until(lambda: len(engine.told) == 2)
    first, second = engine.rows()
    assert first.waited < 0.3 * NANOSECONDS <= second.waited
    assert second.waited <= second.t - second.intended


def test_observations_of_no_session(rig: Rigs, fault_server: Servers, polite: Script) -> None:
    """An observation is a row with its own time, kind, value and detail, and no outcome."""
    engine = rig(fault_server(polite).url)
    engine.engine.observe(Observation.STRANGER, None, 7.0, "somebody's", at=1.5)
    (row,) = engine.rows()
    assert row == Row(
        int(1.5 * NANOSECONDS),
        0,
        0,
        "",
        "stranger",
        int(1.5 * NANOSECONDS),
        0,
        0,
        0,
        0,
        "none",
        "",
        "none",
        7.0,
        "somebody's",
    )


def test_forgotten_session_is_closed_once(rig: Rigs, sandbox: Sandboxes) -> None:
    """A session known to be gone by other means is closed in the ledger, once, whatever is said of it later."""
    engine = rig(sandbox().url)
    session = engine.session()
    engine.run(calls(session, NEW))
    session.record_end()
    engine.engine.mark_closed(session)
    engine.engine.mark_closed(session)
    engine.run(calls(session, KEEP_ALIVE, STOP))
    assert [line[0] for line in engine.books()] == ["intent", "open", "closed"]
    assert engine.events == [("opened", 1), ("closed", 1)]
    assert session.holder is Holder.NONE


DEEP = b'{"code":100,"data":' + b"[" * 200_000
HUGE = b'{"code":100,"data":{"session_id":"a","session_duration_limit":1' + b"0" * 400 + b"}}"


@pytest.mark.parametrize(
    ("operation", "status", "body"),
    [
        (NEW, 200, DEEP),
        (NEW, 200, HUGE),
        (NEW, 200, b'{"code":100,"data":{"session_id":"a","session_duration_limit":-5}}'),
        (NEW, 200, b'{"code":100,"data":{"session_id":"\\ud800"}}'),
        (NEW, 200, b'{"code":100,"data":{"session_id":7}}'),
        (NEW, 400, b'{"code":1,"message":"\\ud800"}'),
        (NEW, 400, b'{"code":"many","message":["x"]}'),
        (NEW, 400, b'{"code":1,"message":"' + b"x" * 100_000 + b'"}'),
        (NEW, 404, b'{"code":10006,"message":"Session not found"}'),
        (NEW, 999, b""),
        (TASK, 200, b'{"code":100,"data":{"duration_ms":1' + b"0" * 400 + b"}}"),
        (TASK, 200, b'{"code":100,"data":{"duration_ms":-1}}'),
        (Operation.CREATE_TOKEN, 404, b'{"code":10006,"message":"Session not found"}'),
        (Operation.CREATE_TOKEN, 404, b'{"message":"no such call: streaming session tokens"}'),
        (STOP, 200, DEEP),
    ],
    ids=lambda value: repr(value[:60]) if isinstance(value, bytes) else str(value),
)
def test_whatever_the_api_says_the_person_goes_on(
    rig: Rigs, fault_server: Servers, operation: Operation, status: int, body: bytes
) -> None:
    """No answer, however hostile, leaves a behaviour hanging, a request unrecorded, or is called a defect of ours."""

    def serve(peer: Peer) -> None:
        while request := peer.request():
            if b"/v1/streaming.%b " % operation.value.encode() in request:
                peer.answer(body, status)
            else:
                peer.answer(b'{"code":100,"data":{"session_id":"a"}}')

    engine = rig(fault_server(serve).url)
    told: list[Answer] = []

    def behaviour() -> Behaviour:
        session = engine.session()
        if operation in (TASK, STOP):
            yield Call(session, NEW, engine.now())
        told.append((yield Call(session, operation, engine.now(), words=1)))

    engine.engine.start(behaviour())
    with contextlib.suppress(gevent.Timeout), gevent.Timeout(5):
        while not told:
            gevent.sleep(0.005)
    assert told, "the behaviour was never resumed"
    assert engine.engine.defects == 0
    assert [row.kind for row in engine.rows() if row.kind != "cap"][-1] == operation.value
    assert told[0].reason is not Reason.TIMEOUT
    engine.until(lambda: not engine.engine.busy)
