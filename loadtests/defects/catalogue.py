"""Every defect by name, and how a user names one: NAME or NAME=VALUE."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from loadtests.model.mistakes import InputError

from . import (
    early_reap,
    error_in_200,
    fail_new,
    fail_start,
    flaky,
    ghost_on_stop,
    hang,
    hidden_cap,
    keepalive_ignored,
    late_reap,
    leak_memory,
    limit_short,
    lost_answer,
    never_reap,
    slot_lag,
    slow_down,
    slow_new,
    timeout_clamped,
)
from .defect import Defect, Injected

DEFECTS: dict[str, Defect] = {
    module.DEFECT.name: module.DEFECT
    for module in (
        ghost_on_stop,
        keepalive_ignored,
        late_reap,
        never_reap,
        early_reap,
        slot_lag,
        limit_short,
        hidden_cap,
        timeout_clamped,
        lost_answer,
        hang,
        slow_new,
        error_in_200,
        flaky,
        leak_memory,
        slow_down,
        fail_new,
        fail_start,
    )
}
"""In the order in which users reported them."""


def parse_defects(texts: Iterable[str], option: str = "--defect") -> tuple[Injected, ...]:
    """The defects that `texts` name; raises InputError, which tells what would be right."""
    return tuple(parse_defect(text, option) for text in texts)


def parse_defect(text: str, option: str = "--defect") -> Injected:
    """The defect that NAME or NAME=VALUE names; raises InputError."""
    name, equals, value = text.partition("=")
    defect = DEFECTS.get(name)
    if defect is None:
        near = difflib.get_close_matches(name, DEFECTS, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise InputError.of(option, f"no defect {name!r}; {hint}there are: {', '.join(DEFECTS)}")
    if not equals:
        if defect.value.default is None:
            raise InputError.of(option, f"needs a value, as in {name}=VALUE ({defect.value.about})", name)
        return Injected(defect, defect.value.default)
    try:
        number = float(value)
    except ValueError:
        number = 0.0
    if not defect.value.allows(number):
        raise InputError.of(option, f"takes {defect.value.about} (is {value!r})", name)
    return Injected(defect, number)


def usage() -> str:
    """All defects, a line each, for an option's help."""
    return "; ".join(f"{defect.name}: {defect.about} ({defect.value.about})" for defect in DEFECTS.values())
