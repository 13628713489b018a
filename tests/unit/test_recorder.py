"""The event log as it is written: what goes in comes out, and a kill costs the last batch at the most."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pytest

from loadtests.model.api.answer import Outcome
from loadtests.model.log.record import COLUMNS, KINDS, VERSION, Row
from loadtests.model.session.session import Holder
from loadtests.recording.recorder import BATCH_ROWS, FILE, Recorder, schema


def row(n: int, **other: object) -> Row:
    """A row that differs from others by `n`."""
    made = Row(
        n,
        0,
        n,
        "reading",
        "task",
        n - 1,
        2,
        3,
        200,
        100,
        Outcome.OK.value,
        "",
        Holder.ACTIVE.value,
        n / 4,
        f"detail {n}",
    )
    return made._replace(**other)


def read(path: Path) -> list[Row]:
    """All rows of the batches that can be read, up to the first that cannot."""
    rows: list[Row] = []
    with pa.OSFile(str(path)) as file:
        try:
            stream = pa.ipc.open_stream(file)
            while True:
                batch = stream.read_next_batch()
                rows.extend(Row(*values) for values in zip(*(c.to_pylist() for c in batch.columns), strict=True))
        except (StopIteration, pa.ArrowInvalid, OSError):
            return rows


def written(folder: Path, *batches: Iterable[Row]) -> list[int]:
    """Write the batches without closing the log; the file's size after each."""
    recorder = Recorder(folder, ["reading"])
    sizes = []
    for batch in batches:
        for each in batch:
            recorder.append(each)
        recorder.flush()
        sizes.append((folder / FILE).stat().st_size)
    return sizes


def test_rows_come_out_as_they_went_in(tmp_path: Path) -> None:
    """Each value of each row survives, the extreme ones too."""
    rows = [
        row(1),
        row(2, detail=None),
        row(3, detail=""),
        row(4, detail='naïve "…" \U0001f600 \x00\n'),
        row(2**63 - 1, intended=-(2**63), session=2**63 - 1, latency=0),
        row(6, status=-(2**15), code=-(2**31), value=float("inf")),
        row(7, status=2**15 - 1, code=2**31 - 1, value=-1e308),
        row(8, profile="", kind="loop", outcome="none", holder="none"),
    ]
    recorder = Recorder(tmp_path, ["reading"])
    for each in rows:
        recorder.append(each)
    recorder.close()
    assert read(tmp_path / FILE) == rows
    assert (recorder.written, recorder.lost) == (len(rows), 0)


def test_schema_is_the_record(tmp_path: Path) -> None:
    """The columns are the record's, in its order, with its version beside them, and only `detail` may be null."""
    Recorder(tmp_path, []).close()
    with pa.OSFile(str(tmp_path / FILE)) as file:
        found = pa.ipc.open_stream(file).schema
    assert found.names == [column.name for column in COLUMNS] == list(Row._fields)
    assert found.metadata == {b"streamsoak.version": str(VERSION).encode()}
    assert [field.name for field in found if field.nullable] == ["detail"]
    assert found == schema()


def test_every_kind_outcome_and_holder_can_be_written(tmp_path: Path) -> None:
    """Whatever the record knows of, the log can hold."""
    rows = [row(n, kind=kind) for n, kind in enumerate(KINDS)]
    rows += [row(n, outcome=outcome.value) for n, outcome in enumerate(Outcome)]
    rows += [row(n, holder=holder.value) for n, holder in enumerate(Holder)]
    written(tmp_path, rows)
    assert read(tmp_path / FILE) == rows


def test_members_of_enumerations_are_written_as_their_values(tmp_path: Path) -> None:
    """A row may hold the enumeration's member in place of its text."""
    written(tmp_path, [row(1, outcome=Outcome.WITHHELD, holder=Holder.LEAKED)])
    assert read(tmp_path / FILE) == [row(1, outcome="withheld", holder="leaked")]


def test_unforeseen_values_of_categories_are_kept(tmp_path: Path) -> None:
    """A profile or kind that nobody announced gets into the log, from its batch on, and disturbs no other row."""
    batches = [
        [row(1), row(2, profile="new one")],
        [row(3, profile="another"), row(4, profile="new one"), row(5)],
        [row(6, kind="unheard-of"), row(7, holder="somebody"), row(8, profile="another")],
        [row(9)],
    ]
    written(tmp_path, *batches)
    assert read(tmp_path / FILE) == [each for batch in batches for each in batch]


def test_nothing_recorded_is_an_empty_log(tmp_path: Path) -> None:
    """A run without rows leaves a log that can be read, and flushing nothing writes nothing."""
    recorder = Recorder(tmp_path, [])
    size = (tmp_path / FILE).stat().st_size
    recorder.flush()
    assert (tmp_path / FILE).stat().st_size == size
    recorder.close()
    assert read(tmp_path / FILE) == []


def test_full_batch_is_written_without_waiting_for_the_second(tmp_path: Path) -> None:
    """`flush_if_full` writes when there are rows enough, not before."""
    recorder = Recorder(tmp_path, ["reading"])
    rows = [row(n) for n in range(BATCH_ROWS)]
    for each in rows[:-1]:
        recorder.append(each)
        recorder.flush_if_full()
    assert read(tmp_path / FILE) == []
    recorder.append(rows[-1])
    recorder.flush_if_full()
    assert read(tmp_path / FILE) == rows


def test_flushed_batch_survives_without_the_end_of_the_stream(tmp_path: Path) -> None:
    """What was flushed can be read while the run goes on."""
    recorder = Recorder(tmp_path, ["reading"])
    for n in range(1, 4):
        recorder.append(row(n))
        recorder.flush()
        assert read(tmp_path / FILE) == [row(m) for m in range(1, n + 1)]


def test_last_batch_may_be_cut_at_every_byte(tmp_path: Path) -> None:
    """Wherever a kill cut the last batch, all earlier batches are read, new categories or not."""
    batches = [
        [row(n) for n in range(5)],
        [row(5, profile="unforeseen"), row(6, detail=None)],
        [row(n, profile=f"late {n}") for n in range(7, 12)],
    ]
    sizes = written(tmp_path, *batches)
    path = tmp_path / FILE
    whole = path.read_bytes()
    assert sizes[-1] == len(whole)
    earlier = batches[0] + batches[1]
    for size in range(sizes[-2], sizes[-1]):
        path.write_bytes(whole[:size])
        assert read(path) == earlier, size - sizes[-2]
    path.write_bytes(whole)
    assert read(path) == earlier + batches[2]


FULL_DISK = """
import resource
from pathlib import Path
from loadtests.model.log.record import Row
from loadtests.recording.recorder import FILE, Recorder

folder = Path({folder!r})
recorder = Recorder(folder, ["reading"])

def write(*numbers):
    for n in numbers:
        recorder.append(Row(n, 0, n, "reading", "task", n, 0, 0, 200, 100, "ok", "", "active", 0.0, "x" * 300))
    recorder.flush()

write(1, 2, 3)
size = (folder / FILE).stat().st_size
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (size + {spare}, hard))
write(4, 5, 6)
# Eight bytes: the end of the stream.
assert not recorder.lost or (folder / FILE).stat().st_size <= size + 8, "a part of the batch stayed"
write(7, 8)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
write(9, 10)
recorder.close()
print(recorder.written, recorder.lost)
"""


@pytest.mark.parametrize("spare", [0, 40, 700])
def test_full_disk_costs_what_it_is_said_to_cost(tmp_path: Path, spare: int) -> None:
    """While the disk is full nothing is raised; once there is space again every row that counts as written can be read."""
    command = [sys.executable, "-c", FULL_DISK.format(folder=str(tmp_path), spare=spare)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert said.returncode == 0, said.stderr
    count, lost = map(int, said.stdout.split())
    assert count + lost == 10
    assert lost >= 3
    assert sum(len(read(stream)) for stream in tmp_path.glob("events*.arrow")) == count
