"""The account's sessions as the log of a watch has them: from when to when each was open."""

from __future__ import annotations

import numpy as np
import pandas as pd

from loadtests.model.run.manifest import Manifest
from reports.log.log import EventLog

# A session that was listed again after its end did not end then.
_SPANS = """
SELECT detail AS id,
    min(t) FILTER (kind = 'stranger') / 1e9 AS seen,
    max(value) FILTER (kind = 'stranger') AS created,
    max(t) FILTER (kind = 'stranger') / 1e9 AS seen_last,
    max(t) FILTER (kind = 'stranger-gone') / 1e9 AS gone,
    max(value) FILTER (kind = 'stranger-gone') AS had,
    count(*) FILTER (kind = 'stranger') - 1 AS returned
FROM events WHERE kind IN ('stranger', 'stranger-gone') GROUP BY detail HAVING seen IS NOT NULL ORDER BY seen, id
"""


def read_spans(log: EventLog) -> pd.DataFrame:
    """Returns one row for each session. Times are in seconds of the watch.

    `seen`: when a list had it first; `began`: when it was created by the API's clock, or `seen`; `is_dated`: whether it has a
    created_at that can be right; `gone`: when a list lacked it first, NaN while it is open; `had`: when the last list that had it
    was requested; `returned`: how often it was listed again after two lists without it.
    """
    spans = log.frame(_SPANS)
    open_again = ~(spans["gone"] > spans["seen_last"])
    spans.loc[open_again, ["gone", "had"]] = np.nan
    began = spans["created"] - log.manifest.started_unix
    # created_at is in whole seconds; one that lies after the first list says nothing.
    spans["is_dated"] = (spans["created"] > 0) & (began <= spans["seen"] + 1)
    spans["began"] = began.where(spans["is_dated"], spans["seen"]).clip(upper=spans["seen"])
    return spans.drop(columns=["seen_last", "created"])


def ages_at(spans: pd.DataFrame, t: float) -> np.ndarray:
    """Returns the ages of the sessions that are open at `t`, in seconds."""
    is_open = (spans["seen"] <= t) & ~(spans["gone"] <= t)
    return (t - spans.loc[is_open, "began"]).to_numpy()


def endings(spans: pd.DataFrame, manifest: Manifest) -> dict[str, int]:
    """Returns how the ended sessions ended, as far as their durations show it.

    `before-idle`: sooner than the idle timeout allows the API to close them; `at-idle`: they lasted as long as the idle timeout,
    as a session does that is never used; `at-cap`: as long as the cap; `other`: longer than the idle timeout; `undated`: without
    a created_at, or without an idle timeout to compare with.
    """
    terms = manifest.watch
    ended = spans[spans["gone"].notna()]
    # created_at is in whole seconds.
    least, most = ended["had"] - ended["began"] - 1, ended["gone"] - ended["began"] + 1
    found = dict.fromkeys(("before-idle", "at-idle", "at-cap", "other", "undated"), 0)
    idle = terms.idle if terms else None
    cap = terms.cap if terms else None
    for low, high, is_dated in zip(least, most, ended["is_dated"], strict=True):
        if not is_dated or (idle is None and cap is None):
            found["undated"] += 1
        elif cap is not None and low <= cap <= high:
            found["at-cap"] += 1
        elif idle is not None and high < idle:
            found["before-idle"] += 1
        elif idle is not None and low <= idle <= high:
            found["at-idle"] += 1
        else:
            found["other"] += 1
    return found
