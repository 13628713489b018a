"""Writes the figures of a page, each with its name: `data-figure` is its place in summary.json, `data-form` how it is written.

A figure on a page is read here from its one source, so that no two places can give it two values; tests read the names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from markupsafe import Markup, escape

from loadtests.model.text.units import format_size
from loadtests.model.text.wording import count
from reports.html.document import clock, decimal, duration, number, share

FORMS: dict[str, Callable[..., str]] = {
    "number": number,
    "share": share,
    "duration": duration,
    "decimal": decimal,
    "clock": clock,
    "count": count,
    "size": format_size,
    "text": str,
}
"""By name: how a figure is written."""

_NAMED = re.compile(r"\{([^{}:]+):([^{}:]+)(?::([^{}:]+))?\}")


class PageFigures:
    """The figures of one page; a template calls it."""

    def __init__(self, figures: Mapping[str, Any]) -> None:
        self._figures = figures

    def __call__(self, path: str, form: str = "number", *details: str) -> Markup:
        """The figure at `path` (keys and positions, with "/" between them) as an element. `details`: a count's noun and its
        plural. Raises KeyError for a path that does not exist.
        """
        text = FORMS[form](self.value(path), *details)
        return Markup('<span data-figure="{}" data-form="{}">{}</span>').format(path, form, text)

    def sentence(self, text: str) -> Markup:
        """A sentence that names its figures: "It took {latency/new/max:duration}.", "{sessions/opened:count:session} in all."
        Raises KeyError for a path that does not exist.
        """
        return Markup(_NAMED.sub(lambda named: self(*(part for part in named.groups() if part)), str(escape(text))))

    def value(self, path: str) -> Any:
        """The figure at `path`. Raises KeyError if it does not exist."""
        return value_at(self._figures, path)


def value_at(figures: Any, path: str) -> Any:
    """The figure at `path`; a function on the way is called. Raises KeyError if it does not exist."""
    for key in path.split("/"):
        figures = figures[int(key)] if isinstance(figures, list) else figures[key]
        if callable(figures):
            figures = figures()
    return figures


def wall_clock(started: str, seconds: float) -> str:
    """From when to when a run lasted: "2026-11-30, 00:24:54 to 00:27:20 UTC"; `started` is ISO 8601 in UTC.

    A moment where it took no time, as in virtual time.
    """
    low = datetime.fromisoformat(started)
    high = low + timedelta(seconds=round(seconds))
    if high == low:
        return f"{low:%Y-%m-%d, %H:%M:%S} UTC"
    end = f"{high:%H:%M:%S}" if high.date() == low.date() else f"{high:%Y-%m-%d, %H:%M:%S}"
    return f"{low:%Y-%m-%d, %H:%M:%S} to {end} UTC"
