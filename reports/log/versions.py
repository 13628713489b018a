"""Presents the event records of every version as those of the newest."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

# Until version 2 the reason stood in `detail`; that of `new` was followed by the API's message after a colon.
_FROM_VERSION_1 = """
SELECT * REPLACE (
    CASE WHEN outcome IN ('none', 'ok') THEN detail WHEN contains(detail, ': ') THEN substr(detail, strpos(detail, ': ') + 2) END
        AS detail
), CASE WHEN outcome IN ('none', 'ok') THEN '' ELSE split_part(coalesce(detail, ''), ':', 1) END AS reason
FROM {source}
"""


def events_of(parquet: Path) -> str:
    """The SQL that selects the rows of `parquet`, with the columns of the newest version. Raises OSError, pyarrow's errors."""
    source = f"read_parquet({_quoted(parquet)})"
    has_reason = "reason" in pq.read_schema(parquet).names
    return f"SELECT * FROM {source}" if has_reason else _FROM_VERSION_1.format(source=source)


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
