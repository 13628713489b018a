"""Writes a comparison into the run's directory: compare.html and compare.md."""

from __future__ import annotations

from pathlib import Path

from ..build import write_text
from ..library import library
from .comparison import Comparison
from .markdown import write
from .page import render

PAGE, MARKDOWN = "compare.html", "compare.md"


def write_comparison(run: Path, comparison: Comparison) -> None:
    """Write both, each in one step. Raises OSError."""
    with library() as script:
        write_text(run / MARKDOWN, write(comparison))
        write_text(run / PAGE, render(comparison, script()))
