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
from loadtests.model.text.wording import change, count
from reports.html.document import clock, decimal, duration, number, share


def hundredths(value: Any) -> str:
    """Return a figure with two decimal places."""
    return "–" if value is None else f"{value:,.2f}"


def thousandths(value: Any) -> str:
    """Return a figure with three decimal places."""
    return "–" if value is None else f"{value:,.3f}"


def probability(value: Any) -> str:
    """Return the p value of a test."""
    return "< 0.01" if value is not None and value < 0.01 else hundredths(value)


FORMS: dict[str, Callable[..., str]] = {
    "number": number,
    "share": share,
    "change": change,
    "duration": duration,
    "decimal": decimal,
    "hundredths": hundredths,
    "thousandths": thousandths,
    "probability": probability,
    "clock": clock,
    "count": count,
    "size": format_size,
    "text": str,
}
"""By name: how a figure is written."""

_NAMED = re.compile(r"\{([^{}:]+):([^{}:]+)(?::([^{}:]+))?\}")


class PageFigures:
    """The figures of one page; a template calls it."""

    def __init__(self, figures: Mapping[str, Any], forms: Mapping[str, Callable[..., str]] | None = None) -> None:
        """`forms`: those of this page beside the common ones."""
        self._figures = figures
        self._forms = {**FORMS, **(forms or {})}

    def __call__(self, path: str, form: str = "number", *details: str) -> Markup:
        """The figure at `path` (keys and positions, with "/" between them) as an element. `details`: a count's noun and its
        plural. Raises KeyError for a path that does not exist.
        """
        text = self._forms[form](self.value(path), *details)
        return Markup('<span data-figure="{}" data-form="{}">{}</span>').format(path, form, text)

    def between(self, low: str, high: str, form: str = "number") -> Markup:
        """The range between the figures at two paths; one of them where both read alike. Raises KeyError as above."""
        first, last = (self(path, form) for path in (low, high))
        is_one = self._forms[form](self.value(low)) == self._forms[form](self.value(high))
        return first if is_one else Markup("{} to {}").format(first, last)

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
