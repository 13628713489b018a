"""How many examples Hypothesis generates for tests whose example costs much more, or much less, than usual."""

from __future__ import annotations

from hypothesis import settings

_QUICK = 30


def examples(quick: int) -> int:
    """`quick` by default, and more in proportion under `--hypothesis-profile=thorough`."""
    return max(1, quick * settings.default.max_examples // _QUICK)
