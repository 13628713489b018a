"""Finds fields of a request that the API does not know although they look like one that it does: `activityIdleTimeout`,
`activity_idle_timout`, `idle_timeout`. An API that tolerates unknown fields ignores them without a word.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from loadtests.model.text.suggestion import words_of

_SIMILAR = 0.84
"""Least similarity of two names, by difflib: one letter of seven may be wrong."""
_LONGEST_NAME, _MOST_FIELDS = 60, 60
"""Longer names and further fields are not compared, which bounds the time that it takes."""
_LEAST_WORDS = 2
"""A part of a name is told by so many of its words: `idle_timeout`, not `timeout`."""
_LEAST_LETTERS = 6
"""Shorter names are similar by chance."""
_UNITS = frozenset({"s", "sec", "secs", "second", "seconds", "ms", "millis", "milliseconds"})
_SAME = {"inactivity": "activity"}


def similar_fields(template: Any, more: tuple[str, ...], asked: Any) -> Iterator[tuple[str, str]]:
    """Yields each unknown field of `asked` that looks like one of a call's body, with the right name.

    `template`: the call's body, which has the known names; `more`: further names of its top level.
    """
    if not isinstance(asked, Mapping):
        return
    inner = template if isinstance(template, Mapping) else {}
    known = (*inner, *more)
    missing = [name for name in known if name not in asked]
    for sent, value in islice(asked.items(), _MOST_FIELDS):
        if sent in known:
            yield from similar_fields(inner.get(sent), (), value)
        elif len(sent) <= _LONGEST_NAME and (right := _right_name(sent, missing, more)) is not None:
            yield sent, right


def _right_name(sent: str, missing: list[str], whole: tuple[str, ...]) -> str | None:
    """`whole`: names of which a part is no other spelling."""
    words = words_of(sent)
    for name in missing:
        known = words_of(name)
        if "".join(words) == "".join(known) or (name not in whole and _is_part(set(words), set(known))):
            return name
    plain = {"".join(words_of(name)): name for name in missing if len(name) >= _LEAST_LETTERS}
    near = difflib.get_close_matches("".join(words), plain, n=1, cutoff=_SIMILAR)
    return plain[near[0]] if near else None


def _is_part(words: set[str], known: set[str]) -> bool:
    words = {_SAME.get(word, word) for word in words} - _UNITS
    return (words <= known or known < words) and min(len(words), len(known)) >= _LEAST_WORDS
