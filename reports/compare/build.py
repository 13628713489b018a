"""Writes a comparison into the run's directory: compare.html and compare.md."""

from __future__ import annotations

from pathlib import Path

from reports.charts.renderer import Renderer
from reports.compare.comparison import Comparison
from reports.compare.markdown import write
from reports.compare.page import FIGURES, render
from reports.log.files import write_text

PAGE, MARKDOWN = "compare.html", FIGURES


def write_comparison(run: Path, comparison: Comparison) -> None:
    """Write both, each in one step. Raises OSError."""
    with Renderer() as renderer:
        write_text(run / MARKDOWN, write(comparison))
        write_text(run / PAGE, render(comparison, renderer))
