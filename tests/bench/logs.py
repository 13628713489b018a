"""Event logs of any length, for what reads them: an hour of virtual time, over and over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from loadtests.model.log.record import NANOSECONDS
from loadtests.model.run.manifest import Manifest
from loadtests.model.run.plan import LoadPlan
from loadtests.model.run.scenario import Scenario, load_scenario
from loadtests.model.session.ending import DrainBounds
from loadtests.recording.recorder import FILE, Recorder
from loadtests.recording.run_directory import write_manifest
from loadtests.scenarios.catalogue import folders
from loadtests.simulation.simulator import Simulator
from reports.log.log import PARQUET, open_log

_SCENARIO = Path(__file__).parent / "scenarios" / "thousand.toml"
_BATCH_ROWS = 8192
_TIMES_IN_VALUE = pa.array(["seen", "vanished", "stranger-gone"])
"""Kinds whose value is a moment of the run."""


def long_log(folder: Path, events: int, hour: float = 3600.0) -> int:
    """A run of at least so many events in `folder`, as its streams left it; the number of events."""
    scenario = load_scenario(_SCENARIO, folders())
    recorder = Recorder(folder, scenario.profiles)
    Simulator(LoadPlan(scenario), scenario.limit, 1, recorder).run(hour, DrainBounds(0.0, 1.0, scenario.poll, 10.0))
    recorder.close()
    with pa.memory_map(str(folder / FILE)) as source:
        table = pa.ipc.open_stream(source).read_all().unify_dictionaries().combine_chunks()
    copies = -(-events // len(table))
    sessions = int(pc.max(table["session"]).as_py())
    whole = folder / "whole.arrow"
    with pa.OSFile(str(whole), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as stream:
        for copy in range(copies):
            for batch in _moved(table, copy * (hour + 60.0), copy * sessions).to_batches(_BATCH_ROWS):
                stream.write_batch(batch)
    whole.replace(folder / FILE)
    seal(folder, scenario, copies * (hour + 60.0))
    return len(table) * copies


def seal(folder: Path, scenario: Scenario | None, ended: float) -> None:
    """A manifest that says that the run is over."""
    manifest = Manifest(
        run=folder.name,
        host="none: made up",
        sandbox=True,
        simulated=True,
        started_unix=0.0,
        seed=1,
        limit=scenario.limit if scenario else None,
        observe=0.0,
        poll=scenario.poll if scenario else 0.0,
        tolerance=1.0,
        people=scenario.profiles if scenario else {},
        scenario=scenario,
        software={},
        load_ended=ended,
        ended=ended,
    )
    write_manifest(folder, manifest)


def at_rest_bytes(folder: Path) -> int:
    """The size of the log in `folder` once it is Parquet."""
    seal(folder, None, 1e6)
    open_log(folder).close()
    return (folder / PARQUET).stat().st_size


def _moved(table: pa.Table, seconds: float, sessions: int) -> pa.Table:
    """The same events so many seconds later, of other sessions."""
    columns = dict(_columns(table, seconds, sessions))
    return pa.table([columns.get(name, table[name]) for name in table.column_names], schema=table.schema)


def _columns(table: pa.Table, seconds: float, sessions: int) -> Iterator[tuple[str, pa.Array]]:
    later = int(seconds * NANOSECONDS)
    for name in ("t", "intended"):
        yield name, pa.array(table[name].to_numpy() + later)
    numbers = table["session"].to_numpy()
    yield "session", pa.array(np.where(numbers > 0, numbers + sessions, 0))
    is_time = pc.is_in(pc.cast(table["kind"], pa.string()), _TIMES_IN_VALUE).to_numpy(zero_copy_only=False)
    yield "value", pa.array(table["value"].to_numpy() + np.where(is_time, seconds, 0.0))
