"""What virtual time costs: a scenario simulated in a process of its own, by that process's CPU time and memory.

With its report it is `streamsoak simulate` as a user runs it, start and imports included; without, the simulation and its
event log alone (`python -m tests.bench.virtual_time SCENARIO SECONDS`, which tells of itself as JSON).
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from loadtests.model.run.plan import LoadPlan
from loadtests.model.run.scenario import load_scenario
from loadtests.model.session.ending import DrainBounds
from loadtests.recording.recorder import LARGE_BATCH_ROWS, Recorder
from loadtests.scenarios.catalogue import folders
from loadtests.simulation.simulator import Simulator

from .measurement import Budget, Measurement
from .processes import peak_bytes, use

_SCENARIOS = Path(__file__).parent / "scenarios"
_HALF_A_DAY = 43_200.0


class Cost(msgspec.Struct):
    """What one simulation came to."""

    events: int
    cpu_seconds: float
    peak_bytes: int

    @property
    def event_microseconds(self) -> float:
        """CPU time of one event."""
        return self.cpu_seconds / self.events * 1e6


def measure(full: bool) -> list[Measurement]:
    """About 1,000 live sessions for twelve hours (quick: half an hour, reckoned up); in full also 100,000 for an hour."""
    seconds, repeat = (_HALF_A_DAY, 3) if full else (1800.0, 3)
    alone = [simulated("thousand", seconds) for _ in range(repeat)]
    whole = [with_report("thousand", seconds, alone[0].events)]
    said = f"1,000 sessions, {seconds / 3600:g} h"
    rows = [_row(f"{said}, event log", alone), _row(f"{said}, as a command with its report", whole)]
    half_a_day = float(rows[0][2]) * _HALF_A_DAY / seconds
    budgets = [Budget("12 h of 1,000 sessions in virtual time, event log written", half_a_day, 10.0, "s")]
    if full:
        many = [simulated("hundred-thousand", 3600.0)]
        rows.append(_row("100,000 sessions, 1 h, event log", many))
        budgets.append(Budget("100,000 sessions for an hour in virtual time", many[0].peak_bytes / 1e6, 2000.0, "MB"))
    columns = ["simulated", "events", "CPU, s", "CPU of an event, µs", "at most in memory, MB"]
    return [Measurement("Virtual time", columns, rows, budgets)]


def _row(name: str, costs: list[Cost]) -> list[str | float | int]:
    seconds, price = (
        statistics.median(each) for each in zip(*((c.cpu_seconds, c.event_microseconds) for c in costs), strict=True)
    )
    return [name, costs[0].events, seconds, price, max(cost.peak_bytes for cost in costs) / 1e6]


def simulated(scenario: str, seconds: float) -> Cost:
    """The cost of `seconds` of a scenario of this folder, event log included."""
    command = [sys.executable, "-m", "tests.bench.virtual_time", scenario, str(seconds)]
    return msgspec.json.decode(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout, type=Cost)


def with_report(scenario: str, seconds: float, events: int) -> Cost:
    """The cost of the same as a command, report included; `events` is what `simulated` told."""
    with tempfile.TemporaryDirectory() as runs:
        asked = ["simulate", str(_file(scenario)), "--duration", f"{seconds:g}", "--run-dir", runs]
        used = use([sys.executable, "-m", "loadtests.cli", *asked])
    return Cost(events, used.cpu_seconds, used.peak_bytes)


def _file(scenario: str) -> Path:
    return _SCENARIOS / f"{scenario}.toml"


def _simulate(scenario: str, seconds: float, folder: Path) -> Cost:
    asked = load_scenario(_file(scenario), folders())
    recorder = Recorder(folder, asked.profiles, batch_rows=LARGE_BATCH_ROWS)
    began = time.process_time()
    simulator = Simulator(LoadPlan(asked), asked.limit, asked.seed, recorder)
    simulator.run(seconds, DrainBounds(asked.observe, asked.tolerance, asked.poll, asked.timeout))
    recorder.close()
    return Cost(recorder.written, time.process_time() - began, peak_bytes())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        cost = _simulate(sys.argv[1], float(sys.argv[2]), Path(place))
    sys.stdout.buffer.write(msgspec.json.encode(cost))
