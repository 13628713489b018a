"""Writes a comparison into the run's directory: compare.html and compare.md."""

from __future__ import annotations

from pathlib import Path

from reports.build import write_text
from reports.compare.comparison import Comparison
from reports.compare.markdown import write
from reports.compare.page import render
from reports.page.library import library

PAGE, MARKDOWN = "compare.html", "compare.md"


def write_comparison(run: Path, comparison: Comparison) -> None:
    """Write both, each in one step. Raises OSError."""
    with library() as script:
        write_text(run / MARKDOWN, write(comparison))
        write_text(run / PAGE, render(comparison, script()))
