"""The palette: every colour can be seen on its background and told from the others, whatever the reader's eyes."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

import pytest

from loadtests.model.log.fate import FATES
from loadtests.model.text import palette
from reports.analysis.slots import HOLDERS

from .colour import SIMULATIONS, contrast, difference, lab, parse, seen

_THEMES = {"light": palette.LIGHT, "dark": palette.DARK}
_TOGETHER = (
    tuple(dict.fromkeys((*HOLDERS, *palette.FATES.values()))),
    ("first", "again"),
)
"""Names of colours that stand in one chart: holders and fates; attempts."""


@pytest.mark.parametrize("theme", _THEMES)
@pytest.mark.parametrize("simulation", SIMULATIONS)
def test_any_two_colours_of_a_chart_differ(theme: str, simulation: str) -> None:
    """By 15 or more, in each simulation of colour blindness and in none."""
    colours = _THEMES[theme]
    near = {
        (one, other): round(between, 1)
        for group in _TOGETHER
        for one, other in combinations(group, 2)
        if (between := _difference(colours, one, other, simulation)) < 15
    }
    assert near == {}


def _difference(colours: Mapping[str, str], one: str, other: str, simulation: str) -> float:
    return difference(*(lab(seen(parse(colours[name]), simulation)) for name in (one, other)))


@pytest.mark.parametrize("theme", _THEMES)
def test_each_colour_is_seen_on_its_background(theme: str) -> None:
    """3 : 1, as WCAG 2.2 asks of graphics (success criterion 1.4.11)."""
    pale = {
        (name, ground): round(ratio, 2)
        for name, colour in _THEMES[theme].items()
        for ground in palette.GROUNDS[theme]
        if (ratio := contrast(parse(colour), parse(ground))) < 3
    }
    assert pale == {}


def test_no_two_fates_look_alike() -> None:
    """Each has a colour of its own, or a hatching of its own."""
    assert tuple(palette.FATES) == FATES
    looks = {fate: (colour, palette.HATCHES.get(fate)) for fate, colour in palette.FATES.items()}
    assert len(set(looks.values())) == len(FATES)
    assert "leaked" in palette.HATCHES


def test_no_page_has_colours_of_its_own_for_them() -> None:
    """No style sheet sets a variable of the palette: there is one place to change a colour."""
    root = Path(__file__).parents[2]
    sheets = [*(root / "reports" / "templates").glob("*.css"), *(root / "loadtests" / "webui" / "pages").glob("*.css")]
    assert len(sheets) >= 4
    own = {sheet.name: name for sheet in sheets for name in palette.LIGHT if f"--{name}: #" in sheet.read_text("utf-8")}
    assert own == {}
    for name, colour in palette.DARK.items():
        assert f"--{name}: {colour};" in palette.live_style()


def test_the_difference_is_that_of_the_paper() -> None:
    """Pairs 1, 7, 16 and 34 of the test data of Sharma, Wu and Dalal; black on white is 21 : 1."""
    pairs = (
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
        ((50.0, 2.5, 0.0), (50.0, 0.0, -2.5), 4.3065),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    )
    for one, other, expected in pairs:
        assert difference(one, other) == pytest.approx(expected, abs=1e-4)
    assert contrast(parse("#000000"), parse("#ffffff")) == pytest.approx(21)
