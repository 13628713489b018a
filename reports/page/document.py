"""What all pages have in common: their templates, and how figures are written in them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from loadtests.model.text.units import format_duration, format_size


def environment() -> jinja2.Environment:
    """Of the templates: whatever is put into one is text, and a name that nobody gave is an error."""
    found = jinja2.Environment(
        loader=jinja2.PackageLoader("reports"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters.update(duration=duration, share=share, number=number, clock=clock, size=format_size)
    return found


def embedded(data: Mapping[str, Any]) -> Markup:
    """As JSON within a script element: nothing in it can end that element."""
    return Markup(json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c"))


def _missing(value: Any) -> bool:
    return value is None or value is pd.NaT or (isinstance(value, float) and not math.isfinite(value))


def duration(value: Any) -> str:
    """Seconds as people read them."""
    return "–" if _missing(value) else format_duration(float(value))


def clock(value: Any) -> str:
    """Seconds of the run as 1:05.2 or 1:02:03.4."""
    if _missing(value):
        return "–"
    minutes, tenths = divmod(round(float(value) * 10), 600)
    hours, minutes = divmod(minutes, 60)
    return f"{f'{hours}:{minutes:02d}' if hours else minutes}:{tenths // 10:02d}.{tenths % 10}"


def share(value: Any) -> str:
    """A share of 1 in percent."""
    return "–" if _missing(value) else f"{float(value):.1%}"


def number(value: Any) -> str:
    """A whole number."""
    return "–" if _missing(value) else f"{value:,.0f}"
