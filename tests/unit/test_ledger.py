"""The ledger: what was opened can be found again, wherever the last line was cut."""

from __future__ import annotations

import json
import resource
import signal
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from loadtests.model.run.manifest import SPOOL
from loadtests.model.session.session import Session
from loadtests.recording.ledger import FILE, SWEEP_FILE, Ledger, LedgerContents, is_held, ledgers, read_ledgers


def session(number: int, session_id: str = "") -> Session:
    """A session with an id."""
    made = Session(number, "p", 60.0)
    made.id = session_id or f"id-{number}"
    return made


def lines(folder: Path) -> list[list[object]]:
    """What the ledger holds."""
    return [json.loads(line) for line in (folder / FILE).read_bytes().splitlines()]


def left_open(path: Path) -> list[tuple[int, str]]:
    """Number and id of each session that a ledger does not record as closed, in the order of opening."""
    return list(read_ledgers([path]).open.items())


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """A ledger in a directory of its own."""
    return Ledger(tmp_path)


def test_lines_are_as_documented(ledger: Ledger, tmp_path: Path) -> None:
    """Each of the four lines is the array that the module's docstring promises."""
    one, two = session(1), session(2)
    ledger.intent(one, 1.0004)
    ledger.opened(one, 2.0)
    ledger.closed(1, 3.5)
    ledger.intent(two, 4.0)
    ledger.refused(two, 5.0)
    ledger.close()
    assert lines(tmp_path) == [
        ["intent", 1, 1.0],
        ["open", 1, "id-1", 2.0],
        ["closed", 1, 3.5],
        ["intent", 2, 4.0],
        ["refused", 2, 5.0],
    ]


def test_each_line_is_there_before_the_next_step(ledger: Ledger, tmp_path: Path) -> None:
    """A line can be read as soon as it was written, without closing or flushing anything."""
    for number in range(1, 6):
        ledger.opened(session(number), 1.0)
        assert len(lines(tmp_path)) == number
        assert left_open(tmp_path / FILE) == [(n, f"id-{n}") for n in range(1, number + 1)]


def test_what_was_opened_and_not_closed_is_left_open(ledger: Ledger, tmp_path: Path) -> None:
    """Intents, refusals and closed sessions are not left open; the others are, in the order in which they opened."""
    ledger.intent(session(1), 0.0)
    for number in (5, 2, 9):
        ledger.opened(session(number), 1.0)
    ledger.closed(2, 2.0)
    ledger.refused(session(3), 2.0)
    ledger.closed(4, 2.0)
    assert left_open(tmp_path / FILE) == [(5, "id-5"), (9, "id-9")]


def test_empty_ledger_leaves_nothing_open(ledger: Ledger, tmp_path: Path) -> None:
    """A run that was killed before its first session left nothing open."""
    assert left_open(tmp_path / FILE) == []


HOSTILE = ["naïve-…-\U0001f600", 'quote"back\\slash', "new\nline\r\x85\u2028", '["open",7,"x",1]', ""]


@pytest.mark.parametrize("session_id", HOSTILE)
def test_ids_come_back_as_they_were(ledger: Ledger, tmp_path: Path, session_id: str) -> None:
    """An id from the API, whatever it holds, is one line and comes back unchanged."""
    opened = session(1)
    opened.id = session_id
    ledger.opened(opened, 1.0)
    assert (tmp_path / FILE).read_bytes().count(b"\n") == 1
    assert left_open(tmp_path / FILE) == [(1, session_id)]


@pytest.mark.parametrize("last", ["intent", "opened", "closed", "refused"])
def test_last_line_may_be_cut_at_every_byte(tmp_path: Path, last: str) -> None:
    """A kill in the middle of the last write costs that line at the most, never an earlier one."""
    ledger = Ledger(tmp_path)
    ledger.opened(session(1), 1.0)
    ledger.opened(session(2, "ähnlich-…-\U0001f600"), 1.0)
    ledger.closed(1, 2.0)
    path = tmp_path / FILE
    before = path.read_bytes()
    if last == "closed":
        ledger.closed(2, 12.345)
    else:
        getattr(ledger, last)(session(3, "zwölf-…-\U0001f600"), 12.345)
    ledger.close()
    whole = path.read_bytes()
    after = left_open(path)
    for size in range(len(before), len(whole)):
        path.write_bytes(whole[:size])
        found = left_open(path)
        # Without its newline the line is whole all the same.
        assert found == (after if size == len(whole) - 1 else [(2, "ähnlich-…-\U0001f600")]), whole[len(before) : size]


def test_ledger_is_appended_to_and_nobody_elses_business(tmp_path: Path) -> None:
    """Opening it again keeps what is there, and only its owner may read it."""
    first = Ledger(tmp_path)
    first.opened(session(1), 1.0)
    first.close()
    second = Ledger(tmp_path)
    second.opened(session(2), 2.0)
    second.close()
    assert [number for number, _ in left_open(tmp_path / FILE)] == [1, 2]
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize("damaged", [b"7", b"null", b"[]", b'["open"]', b'["open",1]', b'"open"', b"\xff\xfe", b"{}"])
def test_damaged_line_is_passed_over(ledger: Ledger, tmp_path: Path, damaged: bytes) -> None:
    """A line that is no line of a ledger (a damaged disk) hides none of the others."""
    ledger.opened(session(1), 1.0)
    with (tmp_path / FILE).open("ab") as file:
        file.write(damaged + b"\n")
    ledger.opened(session(2), 1.0)
    assert left_open(tmp_path / FILE) == [(1, "id-1"), (2, "id-2")]


def test_several_processes_ledgers_are_one_run(tmp_path: Path) -> None:
    """What the master or a sweep closed for a worker is closed, in whatever order the directory lists them."""
    worker, master, sweep = Ledger(tmp_path, "ledger-w1.jsonl"), Ledger(tmp_path), Ledger(tmp_path, SWEEP_FILE)
    for number in (1, 2, 3):
        worker.opened(session(number), 1.0)
    worker.intent(session(4), 1.0)
    worker.lost(session(5), 1.0)
    master.closed(1, 2.0)
    master.preexisting("others")
    sweep.closed(2, 3.0)
    books = read_ledgers(ledgers(tmp_path))
    assert [path.name for path in ledgers(tmp_path)] == ["ledger-w1.jsonl", FILE, SWEEP_FILE]
    assert books.open == {3: "id-3"}
    assert books.ids == {"id-1": 1, "id-2": 2, "id-3": 3}
    assert books.preexisting == {"others"}
    assert books.unanswered == 2


def test_a_sweep_has_the_last_word(tmp_path: Path) -> None:
    """A ghost that its owner took for closed is open, when a sweep says so; and closed, when the sweep says that later."""
    owner, sweep = Ledger(tmp_path), Ledger(tmp_path, SWEEP_FILE)
    owner.opened(session(1), 1.0)
    owner.closed(1, 2.0)
    sweep.reopened(1, "id-1", 3.0)
    assert read_ledgers(ledgers(tmp_path)).open == {1: "id-1"}
    sweep.closed(1, 4.0)
    assert read_ledgers(ledgers(tmp_path)).open == {}


def test_of_a_ledger_that_is_here_twice_the_longer_counts(tmp_path: Path) -> None:
    """The spool's own, and the copy that was shipped of it: the one begins with the other."""
    (tmp_path / SPOOL).mkdir()
    spooled = Ledger(tmp_path / SPOOL, "ledger-w1.jsonl")
    spooled.opened(session(1), 1.0)
    (tmp_path / "ledger-w1.jsonl").write_bytes((tmp_path / SPOOL / "ledger-w1.jsonl").read_bytes())
    spooled.opened(session(2), 2.0)
    assert ledgers(tmp_path) == [tmp_path / SPOOL / "ledger-w1.jsonl"]
    assert read_ledgers(ledgers(tmp_path)).open == {1: "id-1", 2: "id-2"}


@pytest.mark.parametrize("name", ["ledger-w1.jsonl", FILE])
def test_any_ledger_of_several_may_be_cut_at_every_byte(tmp_path: Path, name: str) -> None:
    """A cut costs that process's last line, and never anything of another's."""
    worker, master = Ledger(tmp_path, "ledger-w1.jsonl"), Ledger(tmp_path)
    worker.opened(session(1), 1.0)
    worker.opened(session(2), 1.0)
    master.closed(1, 2.0)
    before = {path: path.read_bytes() for path in ledgers(tmp_path)}
    worker.opened(session(3), 3.0)
    master.closed(2, 4.0)
    path = tmp_path / name
    whole = path.read_bytes()
    cut_off = {2: "id-2", 3: "id-3"} if name == FILE else {}
    for size in range(len(before[path]), len(whole) - 1):
        path.write_bytes(whole[:size])
        assert read_ledgers(ledgers(tmp_path)).open == cut_off, whole[len(before[path]) : size]


def test_a_ledger_is_held_while_its_process_lives(tmp_path: Path) -> None:
    """So a sweep of a run that goes on can be refused; in the spool, too."""
    (tmp_path / SPOOL).mkdir()
    Ledger(tmp_path).close()
    assert not is_held(tmp_path)
    worker = Ledger(tmp_path / SPOOL, "ledger-w1.jsonl")
    assert is_held(tmp_path)
    worker.close()
    assert not is_held(tmp_path)


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """The disk is full, as far as this process can tell."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


@pytest.mark.parametrize("room", range(0, 50, 7))
def test_what_a_full_disk_did_not_take_is_written_when_there_is_room(tmp_path: Path, room: int) -> None:
    """In its place, in order, without half lines in between; and an intent that cannot be written says so."""
    ledger = Ledger(tmp_path)
    ledger.opened(session(1), 1.0)
    size = (tmp_path / FILE).stat().st_size
    with no_file_longer_than(size + room):
        assert ledger.intent(session(2), 2.0) == (room >= len('["intent",2,2.0]\n'))
        ledger.opened(session(3), 3.0)
        ledger.closed(1, 3.5)
        assert not ledger.retry_writes()
        assert not ledger.intent(session(4), 4.0)
    assert ledger.retry_writes()
    assert [line[:2] for line in lines(tmp_path)] == [
        ["open", 1],
        ["intent", 2],
        ["open", 3],
        ["closed", 1],
        ["intent", 4],
    ]


def test_merging_keeps_what_each_said() -> None:
    """Books of no ledger change nothing."""
    books = LedgerContents()
    books.feed(b'["open",1,"a",0]\n["intent",2,0]\n')
    books.merge(LedgerContents())
    assert (books.open, books.ids, books.unanswered) == ({1: "a"}, {"a": 1}, 1)


def test_a_long_ledger_is_read_in_pieces(tmp_path: Path) -> None:
    """The reader pauses between them, and lines that lie in two of them are whole."""
    lines = [["open", number, f"id-{number}", 1.0] for number in range(20_000)]
    path = tmp_path / FILE
    path.write_bytes(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
    pauses: list[int] = []
    contents = read_ledgers([path], lambda: pauses.append(1))
    assert contents.open == {number: f"id-{number}" for number in range(20_000)}
    assert len(pauses) >= path.stat().st_size // (1 << 16)
