"""Suggests what a user may have meant by a name that is not known."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from pathlib import Path

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


def words_of(name: str) -> list[str]:
    """Returns the words of a name in lower case: "sessionId", "session-id" and "session_id" have the same."""
    return [word.lower() for word in _WORD.findall(name)]


def nearest(name: str, known: Iterable[str]) -> str:
    """Returns "; did you mean …?" for a message, or "" if no name is similar."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else ""


def nearest_path(path: Path, suffix: str = "") -> str:
    """Returns "; did you mean …?" with the most similar entry of the folder of `path`, or "".

    `suffix`: only files whose name ends in it; "": directories.
    """
    try:
        entries = [entry for entry in path.parent.iterdir() if _fits(entry, suffix)]
    except (OSError, ValueError):
        return ""
    # Without the suffix, which makes all of them similar.
    names = {entry.name.removesuffix(suffix): entry for entry in entries}
    near = difflib.get_close_matches(path.name.removesuffix(suffix), names, n=1, cutoff=0.6)
    return f"; did you mean {str(names[near[0]])!r}?" if near else ""


def _fits(entry: Path, suffix: str) -> bool:
    return entry.name.endswith(suffix) and entry.is_file() if suffix else entry.is_dir()
