"""The templates of all pages, and how figures are written in them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from loadtests.model.log.fate import in_words
from loadtests.model.text import palette, wording
from loadtests.model.text.units import format_duration, format_size
from loadtests.model.text.wording import between, count, of_total, percent, result_word, verb

TEMPLATES = Path(__file__).parents[1] / "templates"
"""The templates, and the style sheets and scripts beside them."""


def environment() -> jinja2.Environment:
    """Return the environment of the templates: values are escaped, and an unknown name is an error."""
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters.update(
        duration=duration,
        share=share,
        number=number,
        clock=moment,
        fate=in_words,
        field_clock=field_clock,
        size=format_size,
        count=count,
        decimal=decimal,
        result_word=result_word,
    )
    found.globals.update(between=_range, of_total=of_total, verb=verb)
    found.globals.update(
        palette=Markup(palette.style("@media (prefers-color-scheme: dark)")),
        paper_palette=Markup(palette.paper()),
        hatchings=Markup(palette.hatchings()),
    )
    return found


@jinja2.pass_environment
def _range(templates: jinja2.Environment, low: Any, high: Any, form: str) -> str:
    """Return a range whose ends are written by the filter `form`."""
    return between(low, high, templates.filters[form])


def embedded(data: Mapping[str, Any]) -> Markup:
    """Return `data` as JSON for a script element, which nothing in it can end."""
    return Markup(json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c"))


def _missing(value: Any) -> bool:
    return value is None or value is pd.NaT or (isinstance(value, float) and not math.isfinite(value))


def duration(value: Any) -> str:
    """Return seconds as text."""
    return "–" if _missing(value) else format_duration(float(value))


def clock(value: Any) -> str:
    """Return seconds of the run as 1:05.2 or 1:02:03.4."""
    if _missing(value):
        return "–"
    minutes, tenths = divmod(round(float(value) * 10), 600)
    hours, minutes = divmod(minutes, 60)
    return f"{f'{hours}:{minutes:02d}' if hours else minutes}:{tenths // 10:02d}.{tenths % 10}"


def moment(value: Any) -> str:
    """Return seconds of the run as 1:05.2 in an element, so that the page's switch can tell the wall clock's time instead."""
    if _missing(value):
        return "–"
    return Markup('<span data-ms="{}">{}</span>').format(round(float(value) * 10) * 100, clock(value))


def field_clock(value: Any) -> str:
    """Return seconds of the run as 0:01:05, with tenths where there are some."""
    tenths = round(float(value) * 10)
    whole, rest = divmod(tenths, 10)
    shown = f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
    return f"{shown}.{rest}" if rest else shown


def share(value: Any) -> str:
    """Return a share of 1 as a percentage."""
    return "–" if _missing(value) else percent(float(value))


def decimal(value: Any) -> str:
    """Return a figure with one decimal place."""
    return "–" if _missing(value) else wording.decimal(float(value))


def number(value: Any) -> str:
    """Return a whole number."""
    return "–" if _missing(value) else f"{round(float(value)):,}"
