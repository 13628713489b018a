"""Exact quantiles of any number of values: values that occurred, without ever holding all of them.

A first look counts the values by class, each two thousandths of its values wide. A quantile lies in one of the classes, at a
place that the counts tell; a second look takes the values of those classes alone. Memory is that of the fullest class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from .log import Log

# Monotone in v, of either sign; from a nanosecond on by the logarithm, and bounded for what no clock can have told.
_CLASS = "(sign(v) * floor(ln(least(abs(v), 1e30) * 1e9 + 1) * 512))::INTEGER"

_CLASSED = f"(SELECT *, TRUE AS whole, {_CLASS} AS class FROM ({{values}}) WHERE v IS NOT NULL)"

_CLASSES = f"SELECT {{by}}, class, count(*) AS n, min(v) AS low, max(v) AS high FROM {_CLASSED} GROUP BY ALL"

# From 1 on: the place of the least value that so large a share does not exceed, among those of its class.
_PLACES = """
SELECT {by}, class, low, high, name, (rank - upto + n)::BIGINT AS place FROM (
    SELECT *, greatest(total - floor(total - share * total), 1) AS rank FROM (
        SELECT *, sum(n) OVER (PARTITION BY {by} ORDER BY class) AS upto, sum(n) OVER (PARTITION BY {by}) AS total FROM classes
    ) CROSS JOIN shares
) WHERE rank > upto - n AND rank <= upto
"""

_FOUND = f"""
WITH wanted AS (SELECT DISTINCT {{by}}, class FROM places WHERE low < high), candidates AS (
    SELECT {{by}}, class, list_sort(list(v)) AS sorted FROM {_CLASSED} JOIN wanted USING ({{by}}, class) GROUP BY ALL
)
SELECT {{by}}, name, coalesce(sorted[place], low) AS v FROM places LEFT JOIN candidates USING ({{by}}, class)
"""

_TOTALS = "SELECT {by}, sum(n)::BIGINT AS n, min(low) AS min, max(high) AS max FROM classes GROUP BY ALL ORDER BY {by}"


def quantiles(log: Log, values: str, shares: Mapping[str, float], by: Sequence[str] = ()) -> pd.DataFrame:
    """Of the column `v` (seconds) of the query `values`, for each group of its columns `by`; nulls do not count.

    Columns: `by`, n, min, max, and by each name in `shares` the least value that so large a share of all does not exceed.
    """
    # The constant stands for a group where there is none.
    groups = [*by, "whole"]
    parts = {"by": ", ".join(groups), "values": values}
    log.put("shares", pd.DataFrame(shares.items(), columns=["name", "share"]))
    log.keep("classes", _CLASSES.format(**parts))
    log.keep("places", _PLACES.format(**parts))
    found = log.frame(_FOUND.format(**parts)).pivot(index=groups, columns="name", values="v").reset_index()
    totals = log.frame(_TOTALS.format(**parts))
    for table in ("shares", "classes", "places"):
        log.drop(table)
    return totals.merge(found, on=groups).reindex(columns=[*by, "n", "min", "max", *shares])
