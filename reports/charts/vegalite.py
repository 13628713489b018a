"""Charts as plain Vega-Lite: the channels, marks and layers that the charts of all pages are built from.

They are dictionaries, written as https://vega.github.io/vega-lite/docs/ has them. `renderer` compiles them to Vega.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

Spec = dict[str, Any]
"""A chart, or a part of one, in Vega-Lite or in Vega."""
Rows = list[dict[str, Any]]

ROWS = "rows"
"""The name of a chart's main data set, which is added after compilation."""

DIM, RULE, INK, SHADE = "var(--dim)", "var(--line)", "var(--ink)", "var(--shade)"
"""Colours are the page's own: charts follow light, dark and print."""

_TYPES = {"Q": "quantitative", "T": "temporal", "N": "nominal", "O": "ordinal"}


@dataclass(frozen=True)
class Chart:
    """A chart's specification in Vega-Lite, and the rows of its main data set apart from it: so that charts which differ in
    their rows alone are compiled once.
    """

    spec: Spec
    rows: Rows
    is_over_time: bool = False
    """Whether the page's window of time moves its x axis."""


class NothingToDrawError(Exception):
    """The sentence that says the same as an empty frame or a flat line. Its figures are named (`PageFigures.sentence`)."""


def field(shorthand: str, **options: Any) -> Spec:
    """A channel: `field("low:Q", title="slots")`; the letter is the type, as Altair has it."""
    name, _, kind = shorthand.partition(":")
    return {"field": name, **({"type": _TYPES[kind]} if kind else {}), **options}


def expression(text: str) -> Spec:
    """A value that Vega computes."""
    return {"expr": text}


def mark(kind: str, encoding: Mapping[str, Any], *, transform: Iterable[Spec] = (), **style: Any) -> Spec:
    """One layer: marks of this kind, styled by `style`."""
    steps = list(transform)
    return {
        "mark": {"type": kind, **style},
        "encoding": dict(encoding),
        **({"transform": steps} if steps else {}),
    }


def on(rows: Rows, layer: Spec) -> Spec:
    """The layer on a few rows of its own instead of the chart's."""
    return {**layer, "data": {"values": rows}}


def text_over_marks(encoding: Mapping[str, Any], *, transform: Iterable[Spec] = (), **style: Any) -> list[Spec]:
    """Text that can be read over any mark: in front of a rim of the paper's colour."""
    steps = list(transform)
    rim = {"stroke": "var(--paper)", "strokeWidth": 4, "strokeJoin": "round", "strokeOpacity": 0.9}
    return [mark("text", encoding, transform=steps, **{**style, **look}) for look in (rim, {})]


def chart(layers: Iterable[Spec], rows: Rows, *, description: str, height: int) -> Chart:
    """A chart of these layers, as wide as its place on the page."""
    return Chart(
        {
            "data": {"name": ROWS},
            "layer": list(layers),
            "width": "container",
            "height": height,
            "description": description,
            "background": "transparent",
            "config": _LOOK,
        },
        rows,
    )


def rows_of(frame: pd.DataFrame) -> Rows:
    """The rows of a table; what is missing is None, since JSON has no NaN."""
    return [
        {str(name): None if value != value else value for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


_LOOK = {
    # A percentage reads as in words: "50 %".
    "locale": {
        "number": {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["", ""], "percent": " %"},
    },
    "aria": False,
    "font": 'system-ui, "DejaVu Sans", sans-serif',
    "axis": {
        **dict.fromkeys(("labelColor", "titleColor"), DIM),
        **dict.fromkeys(("gridColor", "domainColor", "tickColor"), RULE),
        "titleFontWeight": "normal",
        "labelFontSize": 11,
    },
    "legend": {**dict.fromkeys(("labelColor", "titleColor"), DIM), "titleFontWeight": "normal"},
    "view": {"stroke": None},
}
