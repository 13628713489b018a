"""Writes sessions.parquet: one row for each session of the run. docs/sessions-table.md describes the columns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from reports.findings.finding import Finding
from reports.log.files import replacing
from reports.log.log import EventLog
from reports.output.support import plain_cell

FILE, CSV = "sessions.parquet", "sessions.csv"


class SessionColumn(NamedTuple):
    """A column of the table."""

    name: str
    sql: str
    """Out of the tables `sessions`, `held_by`, `least_margins` and `found_in`."""
    about: str


def _seconds(holder: str) -> str:
    return f"coalesce(held_by.{holder}, 0)"


COLUMNS: tuple[SessionColumn, ...] = (
    SessionColumn("session", "sessions.session", "our number; a worker's begin with its own number"),
    SessionColumn("id", "id", "the API's id; empty if it was never known"),
    SessionColumn("profile", "profile::VARCHAR", "the profile of its user"),
    SessionColumn("worker", "sessions.worker", "the process that opened it; 0: the only one, or the master"),
    SessionColumn("idle_timeout", "idle_timeout", "seconds, as requested"),
    SessionColumn("cap", "cap", "seconds; the duration limit that `new` reported; empty: none"),
    SessionColumn("opened", "opened", "when `new` was answered; of a lost answer, the latest moment of its opening"),
    SessionColumn("left", "left_at", "when the user left without a stop, or closed; empty: present until the end"),
    SessionColumn("way", "way", "how the user left: a way of leaving, `lost-answer`, `lost-worker`, or empty"),
    SessionColumn("due_from", "due_low", "the earliest due time: last acknowledged activity + idle timeout"),
    SessionColumn("due_to", "due_high", "the latest due time: an activity may have reached the API until its answer"),
    SessionColumn("ended_from", "end_low", "the session was alive at this moment"),
    SessionColumn("ended_to", "end_high", "and no longer at this one; empty: its end was not observed"),
    SessionColumn("ended", "ended", "the likeliest moment in between; slot time is computed with it"),
    SessionColumn("fate", "fate", "why it ended: see [fates](definitions.md#opened-sessions-and-fates)"),
    SessionColumn(
        "is_certain", "fate <> 'unobserved' AND NOT client_lost AND NOT shares_id", "whether the log proves the fate"
    ),
    SessionColumn("leaked", "leak", "whether the client left it open"),
    SessionColumn("ghost", "ghost", "whether the API listed it and did not find it"),
    SessionColumn("active_seconds", _seconds("active"), "slot time while the user was active"),
    SessionColumn("quiet_seconds", _seconds("quiet"), "slot time in quiet periods"),
    SessionColumn("closing_seconds", _seconds("closing"), "slot time from leaving to the end, with a stop"),
    SessionColumn("leaked_seconds", _seconds("leaked"), "slot time from leaving to the end, without a stop"),
    SessionColumn("turns", "turns", "user tasks acknowledged"),
    SessionColumn("keep_alives", "keep_alives", "keep-alives acknowledged"),
    SessionColumn("least_margin", "least_margins.margin", "the smallest margin of its keep-alives, in seconds"),
    SessionColumn(
        "findings", "found_in.names", "findings that name it (each names its first hundred), separated by commas"
    ),
)
"""In their order. Times are seconds of the run."""

_HELD_BY = """
SELECT session, sum(high - low) FILTER (holder = 'active') AS active, sum(high - low) FILTER (holder = 'quiet') AS quiet,
    sum(high - low) FILTER (holder = 'closing') AS closing, sum(high - low) FILTER (holder = 'leaked') AS leaked
FROM segments WHERE session <> 0 GROUP BY session
"""
_TABLE = f"""
WITH held_by AS ({_HELD_BY}), least_margins AS (SELECT session, min(margin) AS margin FROM margins GROUP BY session)
SELECT {", ".join(f'{column.sql} AS "{column.name}"' for column in COLUMNS)}
FROM sessions LEFT JOIN held_by USING (session) LEFT JOIN least_margins USING (session) LEFT JOIN found_in USING (session)
ORDER BY sessions.session
"""


def write_session_table(log: EventLog, findings: Sequence[Finding], folder: Path) -> None:
    """Writes the table into `folder`. Needs the tables `sessions`, `segments` and `margins`; raises OSError."""
    pairs = [(number, finding.name) for finding in findings for number in finding.sessions]
    named = pd.DataFrame(pairs, columns=["session", "name"]).astype({"session": "int64", "name": "object"})
    names = named.groupby("session", as_index=False).agg(names=("name", ",".join))
    log.insert_table("found_in", names.astype({"session": "int64", "names": "string"}))
    with replacing(folder / FILE) as path:
        log.export(_TABLE, path)


def write_session_csv(folder: Path) -> None:
    """Writes the table as CSV beside the Parquet file. Raises OSError."""
    table = pd.read_parquet(folder / FILE)
    table["id"] = table["id"].map(plain_cell, na_action="ignore")
    with replacing(folder / CSV) as path:
        table.to_csv(path, index=False)
