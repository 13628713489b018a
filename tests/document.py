"""A part of a document that a command writes, between two markers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def write_between(document: Path, begins: str, ends: str, lines: Iterable[str]) -> None:
    """Replaces what stands between the markers by `lines`, with an empty line before and after."""
    before, _, rest = document.read_text(encoding="utf-8").partition(begins)
    _, _, after = rest.partition(ends)
    document.write_text("\n".join([before + begins, "", *lines, "", ends + after]), encoding="utf-8")
