"""Reads the figures of a page: numbers with the name of what they claim to be, and numbers without one."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from reports.html.figures import FORMS, value_at

_SILENT = ("script", "style", "template")
_VOID = ("meta", "link", "br", "input", "img")


@dataclass
class Element:
    """An element that is open where a text stands."""

    tag: str
    attributes: dict[str, str | None]

    @property
    def classes(self) -> set[str]:
        return set((self.attributes.get("class") or "").split())


MayBeLoose = Callable[[str, str, list[Element]], bool]
"""Whether a text of a part of the page, within these elements, may have numbers without a name."""


@dataclass
class PageReader(HTMLParser):
    """Feed it a page."""

    checked: Collection[str]
    """The parts that have no number without a name: sections by their class or the id of their heading, and header."""
    may_be_loose: MayBeLoose
    figures: list[tuple[str, str, str]] = field(default_factory=list)
    """Path, form, text."""
    loose: list[str] = field(default_factory=list)
    """Numbers without a name, with the text around them."""
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[Element] = []
        self._part = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _VOID:
            return
        element = Element(tag, dict(attrs))
        self._open.append(element)
        if tag in ("header", "section", "nav", "form"):
            self._part = element.attributes.get("class") or "" if tag == "section" else tag
        if tag in ("h2", "h3"):
            self._part = self._part or element.attributes.get("id") or ""
        if path := element.attributes.get("data-figure"):
            self.figures.append((path, element.attributes["data-form"] or "", ""))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop().tag != tag:
            pass

    def handle_data(self, data: str) -> None:
        tags = [element.tag for element in self._open]
        if any(tag in _SILENT for tag in tags):
            return
        self.text += data
        if "header" in tags:
            self._part = "header"
        if any("data-figure" in element.attributes for element in self._open):
            path, form, text = self.figures[-1]
            self.figures[-1] = (path, form, text + data)
        elif self._part in self.checked and re.search(r"\d", data) and not self._is_loose(data):
            self.loose.append(data.strip())

    def _is_loose(self, data: str) -> bool:
        return self.may_be_loose(self._part, data.strip(), self._open)

    def wrong(self, figures: Mapping[str, Any], forms: Mapping[str, Callable[..., str]] = FORMS) -> list[Any]:
        """The figures of the page that are not those at their path: path, form, text, what it should be."""
        found = []
        for path, form, text in self.figures:
            value = value_at(figures, path)
            expected = FORMS["number"](value) if form == "count" else forms[form](value)
            if text != expected and not (form == "count" and text.startswith(f"{expected} ")):
                found.append((path, form, text, expected))
        return found

    def contradictions(self, figures: Mapping[str, Any], names: Collection[tuple[str, str]]) -> list[Any]:
        """Numbers in sentences that differ from what they name. `names`: a pattern of a sentence, and the path of its number."""
        found = []
        for pattern, path in names:
            for told in re.findall(pattern, self.text):
                value = value_at(figures, path)
                if value is None or abs(float(told.replace(",", "").rstrip(".")) - value) > _ROUNDED:
                    found.append((pattern, told, value))
        return found


def read_page(markup: str, checked: Collection[str], may_be_loose: MayBeLoose) -> PageReader:
    """The figures of a page."""
    read = PageReader(checked, may_be_loose)
    read.feed(markup)
    return read


def assert_each_number_is_named(
    read: PageReader,
    figures: Mapping[str, Any],
    names: Collection[tuple[str, str]] = (),
    *,
    more_than: int,
    forms: Mapping[str, Callable[..., str]] = FORMS,
) -> None:
    """The page was drawn whole, with more than so many numbers; each is the figure of the file that it claims to be.

    None is without a name, and what a sentence calls a figure (`names`) is that figure.
    """
    assert "could not be drawn" not in read.text
    assert len(read.figures) > more_than
    assert read.wrong(figures, forms) == []
    assert read.loose == []
    assert read.contradictions(figures, names) == []


_ROUNDED = 0.0501
