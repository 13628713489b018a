"""How cost grows: a chart of the columns of a measurement against its first one. No line may bend upwards."""

from __future__ import annotations

from itertools import product

import altair as alt
import pandas as pd
import vl_convert

from .measurement import Measurement


def picture(measurement: Measurement) -> str:
    """An SVG: each column that is said to grow, as a multiple of its value in the first row, on two logarithmic axes."""
    first, frame = measurement.columns[0], _multiples(measurement)
    chart = (
        alt.Chart(frame, title=measurement.title, width=520, height=260)
        .mark_line(point=True)
        .encode(
            x=alt.X(
                "size:Q",
                scale=alt.Scale(type="log"),
                axis=alt.Axis(title=first, format="~s", values=_sizes(measurement)),
            ),
            y=alt.Y(
                "multiple:Q", scale=alt.Scale(type="log"), title=f"times what it is at {_sizes(measurement)[0]:,.0f}"
            ),
            color=alt.Color("figure:N", title=None, legend=alt.Legend(orient="bottom")),
        )
    )
    drawn: str = vl_convert.vegalite_to_svg(chart.to_json())
    return drawn


def _multiples(measurement: Measurement) -> pd.DataFrame:
    table = pd.DataFrame(measurement.rows, columns=measurement.columns)
    pairs = product(measurement.grows, range(len(table)))
    rows = [
        (table.iloc[row, 0], name, table[name].iloc[row] / table[name].iloc[0])
        for name, row in pairs
        if table[name].iloc[0]
    ]
    return pd.DataFrame(rows, columns=["size", "figure", "multiple"])


def _sizes(measurement: Measurement) -> list[float]:
    return [float(row[0]) for row in measurement.rows]
