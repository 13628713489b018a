"""What to send to the API's support: sessions that linger, and ghosts, with ids and wall-clock times."""

from __future__ import annotations

from typing import Any

import pandas as pd


def support_table(sessions: pd.DataFrame, started_unix: float) -> pd.DataFrame:
    """The rows of support.csv, out of the table `sessions`; `started_unix` is the wall clock at 0 of the run's clock."""
    rows = sessions[(sessions["fate"] == "lingering") | sessions["ghost"].astype(bool)]
    return pd.DataFrame(
        {
            "session_id": rows["id"].map(plain_cell),
            "fate": rows["fate"],
            "ghost": rows["ghost"],
            **{
                name: pd.to_datetime(rows[column].astype(float) + started_unix, unit="s", utc=True)
                for name, column in (("opened_at", "opened"), ("last_activity_at", "reached"), ("due_at", "due_high"))
            },
        }
    )


def plain_cell(text: Any) -> str:
    """The text as a cell of a CSV file."""
    # An id comes from the API: control characters would act on a terminal, and spreadsheets run what begins with these.
    cell = "".join(character if character.isprintable() else f"\\x{ord(character):02x}" for character in str(text))
    return "'" + cell if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
