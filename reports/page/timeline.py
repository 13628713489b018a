"""Reads the calls and slot holders of a few sessions, for the page to draw.

Times are whole milliseconds of the run: a page needs no finer ones, and their text is short.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from loadtests.model.api.answer import Outcome
from loadtests.model.api.operation import Operation
from reports.analysis.slots import HOLDERS
from reports.log.log import EventLog

KINDS = tuple(operation.value for operation in Operation if operation is not Operation.LIST)
OUTCOMES = (Outcome.OK.value, Outcome.FAIL.value, Outcome.UNKNOWN.value, Outcome.WITHHELD.value)

MOST_CALLS = 40
"""Calls that are kept from a session's start, and as many from its end."""
MOST_SPANS = 40

_CALLS = f"""
WITH calls AS (
    SELECT events.session AS session, kind, t, intended, latency, outcome, value,
        reason,
        row_number() OVER (PARTITION BY events.session ORDER BY t, kind) AS number,
        count(*) OVER (PARTITION BY events.session) AS calls
    FROM events JOIN chosen USING (session) WHERE kind IN {KINDS}
)
SELECT session, kind, round(t / 1e6)::BIGINT AS sent, round((t - intended) / 1e6)::BIGINT AS late,
    round(latency / 1e6)::BIGINT AS took, outcome, CASE WHEN kind = 'task' THEN round(value * 1000)::BIGINT ELSE 0 END AS plays,
    left(reason, 40) AS reason,
    calls - {2 * MOST_CALLS} AS omitted
FROM calls WHERE number <= {MOST_CALLS} OR number > calls - {MOST_CALLS}
ORDER BY session, number
"""

_SPANS = f"""
WITH spans AS (
    SELECT session, holder, low, high, row_number() OVER (PARTITION BY session ORDER BY low) AS number,
        count(*) OVER (PARTITION BY session) AS spans
    FROM segments JOIN chosen USING (session)
)
SELECT session, holder, round(low * 1000)::BIGINT AS low, round(high * 1000)::BIGINT AS high
FROM spans WHERE number <= {MOST_SPANS} OR number > spans - {MOST_SPANS} ORDER BY session, number
"""


def build_timelines(log: EventLog, numbers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return by session: `calls` ([kind, sent, late, took, outcome, plays, reason], kind and outcome as indices of KINDS and
    OUTCOMES, trailing zeros and empty texts left out), `omitted` (number of calls left out in the middle) and `spans`
    ([holder, low, high]).

    Reads the events and the table `segments`; creates the table `chosen`.
    """
    log.insert_table("chosen", pd.DataFrame({"session": pd.Series(numbers, dtype="int64")}))
    timelines: dict[int, dict[str, Any]] = {number: {"calls": [], "omitted": 0, "spans": []} for number in numbers}
    for call in log.records(_CALLS):
        own = timelines[call["session"]]
        own["calls"].append(_call(call))
        own["omitted"] = max(0, call["omitted"])
    for span in log.records(_SPANS):
        timelines[span["session"]]["spans"].append([HOLDERS.index(span["holder"]), span["low"], span["high"]])
    return timelines


def _call(call: dict[str, Any]) -> list[Any]:
    row = [KINDS.index(call["kind"]), call["sent"], call["late"], call["took"], OUTCOMES.index(call["outcome"])]
    row += [call["plays"], call["reason"]]
    while not row[-1] and len(row) > 2:
        row.pop()
    return row
