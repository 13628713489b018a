"""Writes the table of `make hidden-tabs` into docs/profiles.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from loadtests.model.text.wording import percent
from tests.document import write_between

from .settings import ABSENCES, SETTINGS, survived

DOCUMENT = Path(__file__).parents[2] / "docs" / "profiles.md"
BEGINS, ENDS = "<!-- hidden tabs: written by make hidden-tabs -->", "<!-- hidden tabs end -->"


def rows() -> list[str]:
    """Returns the table, line by line."""
    lines = [
        f"| idle timeout | keep-alive every | advice | {' | '.join(absence.name for absence in ABSENCES)} |",
        "|---|---|---|" + "---|" * len(ABSENCES),
    ]
    for setting in SETTINGS:
        shares = " | ".join(percent(survived(setting, absence)) for absence in ABSENCES)
        lines.append(f"| {setting.idle_timeout} s | {setting.every} s | {setting.source} | {shares} |")
    return lines


def write(table: Sequence[str]) -> None:
    """Replaces the table in the document, between its markers."""
    write_between(DOCUMENT, BEGINS, ENDS, table)
