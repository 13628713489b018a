"""The colours of holders, fates and refused attempts: the only place that has them, for pages, charts, pictures and Mermaid.

Each has at least 3 : 1 on its background. Any two of those that stand side by side differ by at least 15 in CIEDE2000, also for
readers with one of the three kinds of colour blindness (tests/unit/test_palette.py computes both). Leaks are hatched as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

LIGHT: Mapping[str, str] = MappingProxyType(
    {
        "active": "#0f5cad",
        "quiet": "#7f87b5",
        "closing": "#0b9e70",
        "leaked": "#b71e31",
        "others": "#736c76",
        "capped": "#520000",
        "dropped": "#261026",
        "stop-failed": "#da6c02",
        "first": "#8a4b00",
        "again": "#bd8033",
        "limit": "#9a5b00",
    }
)
"""Holders; the fates that need colours of their own; first and later attempts refused; the line of the limit."""

DARK: Mapping[str, str] = MappingProxyType(
    {
        "active": "#117ebe",
        "quiet": "#b3d5ff",
        "closing": "#45bc88",
        "leaked": "#c93851",
        "others": "#898f94",
        "capped": "#c18b29",
        "dropped": "#f6eaea",
        "stop-failed": "#ffca51",
        "first": "#ffc46b",
        "again": "#a8742f",
        "limit": "#f0a63c",
    }
)

GROUNDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"light": ("#ffffff", "#f4f6f7"), "dark": ("#14191b", "#1d2427", "#121212", "#1e1e1e")}
)
"""The backgrounds that they stand on: the report's and the Sessions page's."""

FATES: Mapping[str, str] = MappingProxyType(
    {
        "closed": "closing",
        "censored": "active",
        "expired": "quiet",
        "capped": "capped",
        "dropped": "dropped",
        "stop-failed": "stop-failed",
        "leaked-reaped": "leaked",
        "leaked-early": "leaked",
        "leaked-late": "leaked",
        "swept": "leaked",
        "lingering": "leaked",
        "unobserved": "others",
    }
)
"""By fate its colour: that of the last holder, where there is one. Fates of leaks differ by their hatching."""

HATCHES: Mapping[str, str] = MappingProxyType(
    {
        "leaked": "M-1 5L5 -1M1 7L7 1",
        "leaked-reaped": "M-1 5L5 -1M1 7L7 1",
        "leaked-early": "M-1 1L5 7M1 -1L7 5",
        "leaked-late": "M0 3H6",
        "swept": "M3 0V6",
        "lingering": "M0 0L6 6M6 0L0 6",
    }
)
"""By holder or fate, the strokes across a tile of 6 × 6 that repeats, as an SVG path."""


def style(dark: str) -> str:
    """The style sheet: the colours as variables `--active` …, in the dark where the rule or selector `dark` applies.

    `.fill-active` … fill an element with a holder's or fate's colour, hatched where it is one of a leak.
    """
    nested = (
        f"{dark} {{ :root {{ {_variables(DARK)} }} }}" if dark.startswith("@") else f"{dark} {{ {_variables(DARK)} }}"
    )
    return "\n".join((f":root {{ {_variables(LIGHT)} }}", nested, *_fills()))


def live_style() -> str:
    """The style sheet of the Sessions page, whose marks have the classes `c-active` …; it needs `hatchings` in the page."""
    hatched = (
        f"svg .area.c-leaked {{ fill: {fill('leaked')}; }} .legend .c-leaked {{ background-image: {_tile('leaked')}; }}"
    )
    hidden = "svg.patterns { position: absolute; width: 0; height: 0; }"
    return "\n".join(("", style(':root[data-theme="dark"]'), hatched, hidden, ""))


def paper() -> str:
    """The rule for a medium that is always light."""
    return f":root {{ {_variables(LIGHT)} }}"


def patterns() -> str:
    """The hatchings as an SVG `defs` element, which `fill` refers to."""
    tiles = (
        f'<pattern id="hatch-{name}" width="6" height="6" patternUnits="userSpaceOnUse">'
        f'<rect width="6" height="6" fill="var(--leaked)"/>'
        f'<path d="{strokes}" stroke="var(--paper)" stroke-width="1.1" stroke-opacity="0.75" fill="none"/></pattern>'
        for name, strokes in HATCHES.items()
    )
    return f"<defs>{''.join(tiles)}</defs>"


def hatchings() -> str:
    """The hatchings as an element that takes no room in a page."""
    return f'<svg class="patterns" aria-hidden="true" width="0" height="0">{patterns()}</svg>'


def fill(name: str) -> str:
    """What fills a mark of this holder or fate in an SVG: its colour, or its hatching."""
    return f"url(#hatch-{name})" if name in HATCHES else f"var(--{FATES.get(name, name)})"


def _variables(colours: Mapping[str, str]) -> str:
    return " ".join(f"--{name}: {colour};" for name, colour in colours.items())


def _fills() -> list[str]:
    return [
        f".fill-{name} {{ background: {f'{_tile(name)}, ' if name in HATCHES else ''}var(--{FATES.get(name, name)}); }}"
        for name in dict.fromkeys((*LIGHT, *FATES))
    ]


def _tile(name: str) -> str:
    """The hatching as an image for CSS, in which no variable is read: white strokes are seen on both reds."""
    drawing = (
        f"%3Csvg xmlns='http://www.w3.org/2000/svg' width='6' height='6'%3E%3Cpath d='{HATCHES[name]}'"
        " stroke='white' stroke-width='1.1' stroke-opacity='.75' fill='none'/%3E%3C/svg%3E"
    )
    return f'url("data:image/svg+xml,{drawing}")'
