"""All defects by name, and the parser of NAME and NAME=VALUE."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from loadtests.defects import answers, listing, reaping, slots, slowness
from loadtests.defects.defect import Defect, Injected
from loadtests.model.text.input_error import InputError
from loadtests.model.text.suggestion import nearest
from loadtests.model.text.units import read_duration, read_share

DEFECTS: dict[str, Defect] = {
    defect.name: defect
    for defect in (
        slots.GHOST_ON_STOP,
        reaping.KEEPALIVE_IGNORED,
        reaping.LATE_REAP,
        reaping.NEVER_REAP,
        reaping.EARLY_REAP,
        slots.SLOT_LAG,
        slots.LIMIT_SHORT,
        reaping.HIDDEN_CAP,
        reaping.TIMEOUT_CLAMPED,
        answers.LOST_ANSWER,
        answers.HANG,
        slowness.SLOW_NEW,
        answers.ERROR_IN_200,
        answers.FLAKY,
        slowness.LEAK_MEMORY,
        slowness.SLOW_DOWN,
        answers.FAIL_NEW,
        answers.FAIL_START,
        slots.HIDDEN_SLOT_LAG,
        slots.END_LAG,
        slots.LIMIT_DROPS,
        listing.LIST_LAG,
        listing.LIST_ENDED,
        listing.LIST_OMITS,
        listing.LIST_EMPTY,
        listing.LIST_PARTIAL,
        listing.CLOCK_AHEAD,
        listing.REPEATED_ID,
        listing.STOP_IGNORED,
    )
}
"""In the order in which users reported them."""


def parse_defects(texts: Iterable[str], option: str = "--defect") -> tuple[Injected, ...]:
    """Returns the defects that `texts` name. Raises InputError."""
    return tuple(parse_defect(text, option) for text in texts)


def parse_defect(text: str, option: str = "--defect") -> Injected:
    """Returns the defect of NAME or NAME=VALUE. Raises InputError."""
    name, equals, value = text.partition("=")
    defect = DEFECTS.get(name)
    if defect is None:
        raise InputError.of(option, f"no defect {name!r}{nearest(name, DEFECTS)} (known: {', '.join(DEFECTS)})")
    if not equals:
        if defect.value.default is None:
            raise InputError.of(option, f"requires a value: {name}=VALUE ({defect.value.about})", name)
        return Injected(defect, defect.value.default)
    number = 0.0
    with contextlib.suppress(ValueError):
        number = read_share(value) if value.endswith("%") else read_duration(value)
    if not defect.value.allows(number):
        raise InputError.of(option, f"must be {defect.value.about} (is {value!r})", name)
    return Injected(defect, number)


def usage() -> str:
    """Returns all defects with their values, for an option's help."""
    return "; ".join(f"{defect.name}: {defect.about} ({defect.value.about})" for defect in DEFECTS.values())
