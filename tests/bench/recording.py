"""What an event costs: its row, its share of a batch, its bytes at rest, and how an hour of them weighs on the process."""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from pathlib import Path

import psutil

from loadtests.model.api.answer import Answer, Outcome, Reason
from loadtests.model.api.operation import Operation
from loadtests.model.log.rows import call_row
from loadtests.model.session.session import Session
from loadtests.model.session.steps import Call
from loadtests.recording.ledger import Ledger
from loadtests.recording.recorder import Recorder

from .logs import at_rest_bytes
from .measurement import Budget, Measurement

_SECOND = 5000
"""Events: what the budget reckons with."""
_KEEP_ALIVES = 100
"""Of each session, between its `new` and its `stop`."""

_CHANCE = random.Random(1)


def measure(full: bool) -> list[Measurement]:
    """An hour at 5,000 events a second; in the quick form a minute."""
    seconds = 3600 if full else 60
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        recorder, ledger = Recorder(folder, ["bench"]), Ledger(folder)
        process = psutil.Process()
        costs = [_record(recorder, ledger, second) for second in range(10)]
        before = process.memory_info().rss
        costs = [_record(recorder, ledger, second) for second in range(10, seconds)]
        grown = (process.memory_info().rss - before) / 1e6
        recorder.close()
        ledger.close()
        at_rest = at_rest_bytes(folder) / recorder.written
        stream = sum(file.stat().st_size for file in folder.glob("*.arrow")) / recorder.written
    cost = statistics.median(costs)
    columns = ["events", "CPU of one, µs", "bytes while running", "bytes at rest", "the process has grown by, MB"]
    budgets = [
        Budget("an event recorded, ledger included", cost, 2.0, "µs"),
        Budget("an event at rest", at_rest, 15.0, "bytes"),
        Budget(f"recorder after {recorder.written:,} events", grown, 20.0, "MB"),
    ]
    return [Measurement("Recording", columns, [[recorder.written, cost, stream, at_rest, grown]], budgets)]


def _record(recorder: Recorder, ledger: Ledger, second: int) -> float:
    """One second's events; CPU microseconds of one."""
    calls = [_call(second, n) for n in range(_SECOND)]
    began = time.process_time()
    for call, answer in calls:
        if call.operation is Operation.NEW:
            ledger.intent(call.session, call.intended)
            ledger.opened(call.session, call.intended)
        recorder.append(call_row(call, answer, 0.0))
        recorder.flush_if_full()
    recorder.flush()
    return (time.process_time() - began) / _SECOND * 1e6


def _call(second: int, n: int) -> tuple[Call, Answer]:
    number = second * _SECOND + n
    session = Session(number % 50_000 + 1, "bench", 120.0)
    session.id = f"{number * 2654435761 % 2**64:016x}-{number:016x}"
    due = second + n / _SECOND
    # As irregular as they are on a network: what is regular would be small at rest.
    sent = due + _CHANCE.expovariate(500)
    operation = Operation.NEW if n % _KEEP_ALIVES == 0 else Operation.KEEP_ALIVE
    answered = sent + _CHANCE.lognormvariate(-6, 1)
    return Call(session, operation, due), Answer(Outcome.OK, Reason.NONE, sent, answered, 200, 100, "", session.id)
