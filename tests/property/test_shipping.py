"""Shipping over a channel that loses, repeats, reorders and refuses: the copy is a beginning of the file, at last all of it."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.distributed import shipping
from loadtests.distributed.shipping import Acknowledgement, Chunk, ConfirmedTime, Receiver, Shipper, worker_of
from tests.examples import examples

FILES = ("events-w3.arrow", "ledger-w3.jsonl", "events-w3-2.arrow")
SECONDS_A_STEP = 1.0
CHUNK = 7
"""Bytes: small chunks make many of them out of little."""


class Channel:
    """Carries chunks one way and acknowledgements the other, as badly as `whims` says."""

    def __init__(self, folder: Path, whims: random.Random) -> None:
        self.spool, self.copies = folder / "spool", folder / "run"
        self.spool.mkdir()
        self.copies.mkdir()
        self.now = 0.0
        self.ledgers = b""
        self.is_bad = True
        self._whims = whims
        self._chunks: list[Chunk] = []
        self._acknowledgements: list[Acknowledgement] = []
        self.shipper = Shipper(self.spool, 3, self._send, lambda: self.now)
        self.receiver = Receiver(self.copies, self._read)

    def grow(self, name: str, data: bytes) -> None:
        """The worker writes."""
        with (self.spool / name).open("ab") as file:
            file.write(data)

    def step(self) -> None:
        """Time goes on; the worker ships; some of what is in flight arrives."""
        self.now += SECONDS_A_STEP
        self.shipper.ship()
        for chunk in self._arriving(self._chunks):
            self._acknowledgements.append(self.receiver.receive(3, chunk))
        for acknowledgement in self._arriving(self._acknowledgements):
            self._check(acknowledgement)
            self.shipper.acknowledge(acknowledgement)

    def copy(self, name: str) -> bytes:
        """What the master has."""
        path = self.copies / name
        return path.read_bytes() if path.exists() else b""

    def _arriving(self, queue: list[object]) -> list[object]:
        if not self.is_bad:
            arriving, queue[:] = queue[:], []
            return arriving
        self._whims.shuffle(queue)
        arriving = [one for one in queue for _ in range(self._whims.choice((0, 1, 1, 2)))]
        queue[:] = [one for one in queue if self._whims.random() < 0.3]
        return arriving

    def _send(self, chunk: Chunk) -> bool:
        if self.is_bad and self._whims.random() < 0.2:
            return False
        self._chunks.append(chunk)
        return True

    def _check(self, acknowledgement: Acknowledgement) -> None:
        # Acknowledged is what the master has on its disk, not what it may have some time.
        assert (
            self.copy(acknowledgement.file)[: acknowledgement.length]
            == (self.spool / acknowledgement.file).read_bytes()[: acknowledgement.length]
        )
        assert len(self.copy(acknowledgement.file)) >= acknowledgement.length

    def _read(self, worker: int, data: bytes) -> None:
        assert worker == 3
        self.ledgers += data


@pytest.fixture(autouse=True, scope="module")
def small_chunks() -> object:
    """Chunks of a few bytes."""
    before, shipping.CHUNK_BYTES = shipping.CHUNK_BYTES, CHUNK
    yield
    shipping.CHUNK_BYTES = before


@settings(max_examples=examples(60), deadline=None)
@given(
    seed=st.integers(0, 2**32),
    writes=st.lists(st.tuples(st.sampled_from(FILES), st.binary(max_size=60)), max_size=25),
)
def test_the_copy_is_a_beginning_and_at_last_the_whole(seed: int, writes: list[tuple[str, bytes]]) -> None:
    """Whatever happens on the way; and the ledger is read in order, each byte once."""
    with tempfile.TemporaryDirectory() as folder:
        channel = Channel(Path(folder), random.Random(seed))
        for name, data in writes:
            channel.grow(name, data)
            channel.step()
            for file in FILES:
                path = channel.spool / file
                assert (path.read_bytes() if path.exists() else b"").startswith(channel.copy(file))
        channel.is_bad = False
        for _ in range(40):
            channel.step()
        assert channel.shipper.is_done
        assert channel.receiver.has_all(channel.shipper.sizes)
        assert {name: len(channel.copy(name)) for name in channel.shipper.sizes} == channel.shipper.sizes
        for name in channel.shipper.sizes:
            assert channel.copy(name) == (channel.spool / name).read_bytes()
        assert channel.ledgers == channel.copy(FILES[1])


@settings(max_examples=examples(40), deadline=None)
@given(seed=st.integers(0, 2**32), lines=st.integers(1, 12))
def test_what_is_confirmed_has_arrived(seed: int, lines: int) -> None:
    """`known_until` never runs ahead of the lines that the master has, whatever the channel does."""
    with tempfile.TemporaryDirectory() as folder:
        channel = Channel(Path(folder), random.Random(seed))
        confirmed = ConfirmedTime(channel.shipper, FILES[1])
        for number in range(1, lines + 1):
            channel.grow(FILES[1], b"%06d\n" % number)
            channel.step()
            # Of the file as it is now, `number` is true.
            assert confirmed.update(float(number)) <= len(channel.copy(FILES[1])) // 7
        channel.is_bad = False
        for _ in range(20):
            channel.step()
            confirmed.update(float(lines))
        assert confirmed.update(float(lines)) == lines


@pytest.mark.parametrize(
    ("name", "worker"),
    [
        ("events-w1.arrow", 1),
        ("events-w12-3.arrow", 12),
        ("ledger-w4.jsonl", 4),
        ("ledger.jsonl", None),
        ("../ledger-w4.jsonl", None),
        ("ledger-w4.jsonl/../../x", None),
        ("ledger-w4.jsonl\n", None),
        ("events-w-1.arrow", None),
        ("manifest.json", None),
        ("events-w1.arrow.exe", None),
        ("", None),
    ],
)
def test_a_workers_files_have_names_of_one_kind(name: str, worker: int | None) -> None:
    """What comes over the wire names no other file of the master's."""
    assert worker_of(name) == worker


@pytest.mark.parametrize("name", ["events-w2.arrow", "../../x", "manifest.json"])
def test_a_worker_can_write_no_file_but_its_own(tmp_path: Path, name: str) -> None:
    """A chunk of another worker's file, or of no worker's, is refused, and nothing is written."""
    with pytest.raises(ValueError, match="worker 1"):
        Receiver(tmp_path, lambda *_: None).receive(1, Chunk(name, 0, b"x"))
    assert list(tmp_path.iterdir()) == []


def test_a_chunk_ahead_of_its_turn_is_not_kept(tmp_path: Path) -> None:
    """A copy has no holes."""
    receiver = Receiver(tmp_path, lambda *_: None)
    assert receiver.receive(1, Chunk("events-w1.arrow", 5, b"later")) == ("events-w1.arrow", 0)
    assert receiver.receive(1, Chunk("events-w1.arrow", 0, b"first")) == ("events-w1.arrow", 5)
    assert receiver.receive(1, Chunk("events-w1.arrow", 5, b"later")) == ("events-w1.arrow", 10)
    assert (tmp_path / "events-w1.arrow").read_bytes() == b"firstlater"


def test_a_full_disk_of_the_masters_gives_no_acknowledgement(tmp_path: Path) -> None:
    """What could not be written is asked for again, not told to be there."""
    missing = tmp_path / "gone"
    receiver = Receiver(missing, lambda *_: None)
    assert receiver.receive(1, Chunk("events-w1.arrow", 0, b"first")) == ("events-w1.arrow", 0)
    missing.mkdir()
    assert receiver.receive(1, Chunk("events-w1.arrow", 0, b"first")) == ("events-w1.arrow", 5)


def test_few_chunks_are_in_flight(tmp_path: Path) -> None:
    """Without an acknowledgement no more than the bound is sent: Locust loses messages when thousands wait."""
    sent: list[Chunk] = []
    (tmp_path / "events-w1.arrow").write_bytes(bytes(CHUNK * 100))
    shipper = Shipper(tmp_path, 1, lambda chunk: not sent.append(chunk), lambda: 0.0)
    for _ in range(5):
        shipper.ship()
    assert len(sent) == shipping.MAX_IN_FLIGHT
    shipper.acknowledge(Acknowledgement("events-w1.arrow", CHUNK * 10))
    shipper.ship()
    assert len(sent) == shipping.MAX_IN_FLIGHT + 10


@pytest.mark.parametrize("goes", [True, False], ids=["unanswered", "refused"])
def test_stalled_time_grows_while_no_acknowledgement_comes(tmp_path: Path, goes: bool) -> None:
    """However often is sent again, and also where nothing can be sent: a worker must be able to give a dead master up."""
    now = [0.0]
    path = tmp_path / "events-w1.arrow"
    path.write_bytes(b"12345")
    shipper = Shipper(tmp_path, 1, lambda chunk: goes, lambda: now[0])
    shipper.ship()
    shipper.acknowledge(Acknowledgement(path.name, 5))
    now[0] = 100.0
    path.write_bytes(b"1234567")
    for _ in range(30):
        shipper.ship()
        now[0] += 1.0
    assert not shipper.is_done
    assert shipper.stalled_seconds == 30.0
    shipper.acknowledge(Acknowledgement(path.name, 6))
    assert shipper.stalled_seconds == 0.0


def test_another_workers_files_in_the_same_spool_are_not_shipped(tmp_path: Path) -> None:
    """With --processes the workers share a spool."""
    sent: list[str] = []
    for name in ("events-w1.arrow", "ledger-w1.jsonl", "events-w11.arrow", "ledger-w2.jsonl", "events-w1-2.arrow"):
        (tmp_path / name).write_bytes(b"x")
    Shipper(tmp_path, 1, lambda chunk: not sent.append(chunk.file), lambda: 0.0).ship()
    assert sorted(sent) == ["events-w1-2.arrow", "events-w1.arrow", "ledger-w1.jsonl"]
    assert sent[0] == "ledger-w1.jsonl"
