"""Draws who held the slots over the run as an SVG, and as Mermaid text, which GitHub draws."""

from __future__ import annotations

import json
import re
from functools import cache

from loadtests.model.text.palette import LIGHT, patterns
from reports.charts.renderer import Renderer
from reports.charts.vegalite import Spec
from reports.html.document import TEMPLATES
from reports.log.time_columns import COLUMNS_ON_SCREEN
from reports.summary import Analysis

_WIDTH = 720
_POINTS = 60
"""Points of each line in the Mermaid chart."""
_LINES = (LIGHT["active"], LIGHT["leaked"], LIGHT["limit"])


def svg(chart: Spec, renderer: Renderer, pixels: int = _WIDTH) -> str:
    """Return the page's chart of sessions over time in its light colours, its plot `pixels` wide. Raises RenderError."""
    width = {"name": "width", "value": pixels}
    legend = {"fill": "color", "orient": "top", "direction": "horizontal", "labelColor": "var(--ink)"}
    whole = {
        **chart,
        "signals": [width if signal["name"] == "width" else signal for signal in chart["signals"]],
        "legends": [legend],
        "background": "var(--paper)",
    }
    return in_light(renderer.svg(whole))


def in_light(drawing: str) -> str:
    """Return an SVG that stands alone: the page's light colours instead of its variables, and the hatchings."""
    start = drawing.index(">", drawing.index("<svg")) + 1
    whole = f"{drawing[:start]}{patterns()}{drawing[start:]}"
    return re.sub(r"var\((--[a-z-]+)\)", lambda match: _colours().get(match[1], match[0]), whole)


def mermaid(analysis: Analysis) -> str:
    """Return a fenced block of Mermaid: all sessions, the leaked ones, the limit; "" if no session was held."""
    totals = analysis.slots.totals
    if not analysis.slots.peak:
        return ""
    point = totals.index * _POINTS // COLUMNS_ON_SCREEN
    # The most of each point, as the page's chart has the most of each column.
    tops = (
        totals.loc[totals.groupby(point)["most"].idxmax()]
        .set_axis(point.unique())
        .reindex(range(_POINTS), fill_value=0)
    )
    lines = [tops["most"], tops["leaked"]]
    if limit := analysis.log.manifest.limit:
        lines.append(tops["most"] * 0 + limit)
    top = max(1.0, *(float(line.max()) for line in lines)) * 1.1
    theme = {"themeVariables": {"xyChart": {"plotColorPalette": ", ".join(_LINES)}}}
    return "\n".join(
        (
            "```mermaid",
            f"%%{{init: {json.dumps(theme)}}}%%",
            "xychart-beta",
            '  title "Sessions: all (blue), leaked (red), the limit (brown)"',
            f'  x-axis "seconds" 0 --> {max(1.0, analysis.log_end):.0f}',
            f'  y-axis "sessions" 0 --> {top:.1f}',
            *(f"  line [{', '.join(f'{value}' for value in line)}]" for line in lines),
            "```",
        )
    )


@cache
def _colours() -> dict[str, str]:
    style = (TEMPLATES / "colours.css").read_text(encoding="utf-8")
    light = style[style.index(":root {") : style.index("@media")]
    return {
        **dict(re.findall(r"(--[a-z-]+): (#[0-9a-f]{6});", light)),
        **{f"--{name}": colour for name, colour in LIGHT.items()},
    }
