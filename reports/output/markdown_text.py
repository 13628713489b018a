"""Texts and tables as Markdown that shows them unchanged."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_LONGEST = 600
"""Job pages take a megabyte; no text is longer than so many characters."""
_SPECIAL = re.compile(r"[\\`*_\[\]<>|~&$#!]|:(?=\S)|(?<=www)\.")
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def escaped(text: str) -> str:
    """Return `text` as Markdown that shows it unchanged, on one line."""
    plain = _UNSEEN.sub(" ", text)
    cut = plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]}…"
    # GitHub looks for mentions in the text that is shown: an invisible character keeps the name from its sign.
    return re.sub(r"@(?=\w)", "@\u2060", _SPECIAL.sub(r"\\\g<0>", cut))


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """One part, or none where there are no rows. Cells are escaped here."""
    lines = [f"| {' | '.join(map(escaped, row))} |" for row in rows]
    if lines:
        yield "\n".join((f"| {' | '.join(head)} |", "|" + "---|" * len(head), *lines))
