"""One second of a run as the page shows it: the figures of all processes put together. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from loadtests.engine.occupancy import Leak, LeakEnd
from loadtests.model.session.session import Holder
from loadtests.run.snapshot import ProcessSnapshot

MOST_LEAKS = 20
"""Named on the page, of those due next and of those reaped last."""
LATE_SECONDS = 0.25
"""What the report takes for a generator that was late, if one request in a hundred was."""

_HOLDERS = (Holder.ACTIVE.value, Holder.QUIET.value, Holder.CLOSING.value, Holder.LEAKED.value)


class Line(msgspec.Struct):
    """One profile's figures."""

    profile: str
    active: int = 0
    quiet: int = 0
    closing: int = 0
    leaked: int = 0
    hits: int = 0


class Frame(msgspec.Struct):
    """The whole run at `t`, in seconds of the run. What is None was not measured in that second."""

    t: float
    active: int = 0
    quiet: int = 0
    closing: int = 0
    leaked: int = 0
    others: int = 0
    """Sessions listed that are not ours."""
    held: int = 0
    """By our ledger."""
    listed: int | None = None
    """By the API's list."""
    opened: int = 0
    """Since the run began; so are `hits` and `requests`."""
    hits: int = 0
    requests: int = 0
    leaks: int = 0
    late: float | None = None
    """Lateness of keep-alives, p99, in seconds; the worst process's."""
    margin: float | None = None
    """The least margin of keep-alives, in seconds."""
    margin_p1: float | None = None
    delay: float = 0.0
    """How late the generator's loop was at the worst, in seconds."""
    stage: str = ""
    processes: int = 1
    profiles: list[Line] = []
    due: list[Leak] = []
    reaped: list[LeakEnd] = []
    warnings: list[str] = []
    """Why the run's results cannot be trusted, in plain words; none: nothing speaks against it."""


def frame(t: float, pulses: Sequence[ProcessSnapshot], listed: int | None, others: int, stage: str = "") -> Frame:
    """Put the pulses of all processes together."""
    lines = _lines(pulses)
    return Frame(
        t=round(t, 1),
        **{holder: sum(getattr(line, holder) for line in lines) for holder in _HOLDERS},
        others=others,
        held=sum(pulse.held for pulse in pulses),
        listed=listed,
        opened=sum(pulse.opened for pulse in pulses),
        hits=sum(pulse.hits for pulse in pulses),
        requests=sum(pulse.requests for pulse in pulses),
        leaks=sum(pulse.leaks for pulse in pulses),
        late=max(_known(pulse.keep_alive_late for pulse in pulses), default=None),
        margin=min(_known(pulse.margin_min for pulse in pulses), default=None),
        margin_p1=min(_known(pulse.margin_p1 for pulse in pulses), default=None),
        delay=max((pulse.worst_delay for pulse in pulses), default=0.0),
        stage=stage,
        processes=len(pulses),
        profiles=lines,
        due=sorted((leak for pulse in pulses for leak in pulse.due_next), key=lambda leak: leak.due)[:MOST_LEAKS],
        reaped=sorted((end for pulse in pulses for end in pulse.ended_last), key=lambda end: -end.ended)[:MOST_LEAKS],
    )


def doubts(pulses: Sequence[ProcessSnapshot], worst_delay: float, tolerance: float) -> list[str]:
    """Why the results cannot be trusted; `worst_delay`: of the generator's loop in the whole run, in seconds."""
    found = []
    if worst_delay > tolerance:
        found.append(
            f"The generator stood still for {worst_delay:.1f} s (tolerance {tolerance:g} s): the verdict will be unknown."
        )
    now = max((pulse.worst_delay for pulse in pulses), default=0.0)
    if LATE_SECONDS < now <= tolerance:
        found.append(f"The generator cannot keep up: it is late by {now * 1000:.0f} ms at this moment.")
    if lost := sum(pulse.lost_events for pulse in pulses):
        found.append(f"{lost} events could not be written: the verdict will be unknown.")
    if defects := sum(pulse.defects for pulse in pulses):
        found.append(f"{defects} errors of streamsoak itself (see Logs): the verdict will be unknown.")
    return found


def _lines(pulses: Sequence[ProcessSnapshot]) -> list[Line]:
    counts: dict[str, Counter[str]] = {}
    for pulse in pulses:
        for profile, holders in pulse.sessions.items():
            counts.setdefault(profile, Counter()).update(holders)
        for profile, hits in pulse.hits_by_profile.items():
            counts.setdefault(profile, Counter())["hits"] += hits
    return [
        Line(profile, **{name: found[name] for name in (*_HOLDERS, "hits")})
        for profile, found in sorted(counts.items())
    ]


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]
