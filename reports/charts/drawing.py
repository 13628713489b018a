"""Compiles the charts of a page. A chart that fails does not cost the page: its place says why it is missing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from markupsafe import Markup

from reports.charts.renderer import Renderer
from reports.charts.vegalite import Chart, NothingToDrawError, Spec

_log = logging.getLogger(__name__)

Builder = Callable[[], Chart]


@dataclass
class Drawing:
    """The charts of one page."""

    specs: dict[str, Spec] = field(default_factory=dict)
    """By name, in Vega."""
    failures: dict[str, str] = field(default_factory=dict)
    """By name, the error's class and message."""
    sentences: dict[str, str] = field(default_factory=dict)
    """By name, what stands in the place of a chart that would be empty or a flat line, with the names of its figures."""
    library: Markup = Markup()  # noqa: RUF009 - immutable
    """What draws them, as the text of a script element; "" if it could not be built."""

    @property
    def names(self) -> list[str]:
        """Of all charts that have a place on the page."""
        return [*self.specs, *self.failures, *self.sentences]


def draw(charts: Iterable[tuple[str, Builder]], renderer: Renderer) -> Drawing:
    """Build and compile each chart. Errors are logged, never raised."""
    drawing = Drawing()
    for name, build in charts:
        try:
            drawing.specs[name] = renderer.compile(build())
        except NothingToDrawError as nothing:
            drawing.sentences[name] = str(nothing)
        except Exception as error:  # noqa: BLE001 - whatever fails in one chart, the others are drawn
            drawing.failures[name] = reason(f"chart {name}", error)
    try:
        drawing.library = renderer.library
    except Exception as error:  # noqa: BLE001 - without it the page has all but the charts
        why = reason("charts' library", error)
        drawing.failures |= dict.fromkeys(drawing.specs, why)
        drawing.specs.clear()
    return drawing


def reason(what: str, error: Exception) -> str:
    """The error's class and message, after it was logged with its traceback."""
    _log.error("The %s could not be drawn", what, exc_info=error)
    return f"{type(error).__name__}: {error}"
