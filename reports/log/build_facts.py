"""Computes per-session facts in one pass over the log, in the order of time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from loadtests.model.api.answer import GONE
from reports.log.log import EventLog
from reports.log.margin import MARGINS, Margins
from reports.log.rows import rows_of
from reports.log.session_facts import SessionFacts

_GONE = tuple(reason.value for reason in GONE)

_ROWS_AT_ONCE = 1 << 18

# Texts, and facts that few rows hold.
_NAMES = f"""
SELECT session,
    max(profile) AS profile,
    any_value(worker) FILTER (kind = 'new') AS worker,
    any_value(detail) FILTER (kind = 'new' AND outcome = 'ok') AS id,
    arg_min(detail, t) FILTER (kind = 'leave') AS way,
    min(t + latency) FILTER (outcome = 'fail' AND reason IN {_GONE}) / 1e9 AS said_gone
FROM events WHERE session > 0 AND (kind IN ('new', 'leave') OR outcome = 'fail')
GROUP BY session HAVING bool_or(kind = 'new' AND outcome = 'ok')
"""

_FACTS = """
SELECT *, FALSE AS ghost, FALSE AS client_lost, NULL::DOUBLE AS idle_most FROM names JOIN inpending USING (session)
"""


def build_facts(log: EventLog) -> None:
    """Creates the tables `facts` (a row for each opened session), `margins` and `gaps`. Times are seconds of the run.

    `margins` (session, t, margin): the idle timeout that was left when each keep-alive was answered. `gaps` (session, before,
    answered): pairs of acknowledged activities that are at least one idle timeout apart.
    """
    log.create_table("names", _NAMES)
    sessions = log.frame("SELECT session FROM names ORDER BY session")["session"].to_numpy(dtype=np.int64)
    activity = log.manifest.description.activity
    facts = SessionFacts(len(sessions), activity)
    margins = Margins(sessions, facts["idle_timeout"], activity)
    log.insert_table("margins", MARGINS.empty_table())
    for part in _some_at_once(_walk(log, sessions, facts, margins)):
        log.append("margins", part)
    log.insert_table("gaps", margins.gaps)
    log.insert_table("facts", facts.table().append_column("session", pa.array(sessions)), _FACTS)
    log.drop_table("names")


def _walk(
    log: EventLog, sessions: npt.NDArray[np.int64], facts: SessionFacts, margins: Margins
) -> Iterator[pa.RecordBatch]:
    for rows in rows_of(log, sessions):
        # Margins need the idle timeouts of the sessions that these rows open.
        facts.add(rows)
        yield margins.add(rows)


def _some_at_once(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(map(len, held)) >= _ROWS_AT_ONCE:
            yield pa.Table.from_batches(held)
            held = []
    if held:
        yield pa.Table.from_batches(held)
