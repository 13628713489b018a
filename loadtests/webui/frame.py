"""One second of a run as the page shows it: the snapshots of all processes merged. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from loadtests.engine.occupancy import Leak, LeakEnd
from loadtests.model.session.session import Holder
from loadtests.model.text.wording import count
from loadtests.run.snapshot import ProcessSnapshot

MOST_LEAKS = 20
"""On the page: of the leaks due next, and of those reaped last."""
LATE_SECONDS = 0.25
"""The report calls the load generator late if one request in a hundred was later than this."""

_HOLDERS = (Holder.ACTIVE.value, Holder.QUIET.value, Holder.CLOSING.value, Holder.LEAKED.value)
_COUNTED = (*_HOLDERS, Holder.UNCONFIRMED.value, "opened", "hits")


class ProfileFigures(msgspec.Struct):
    """One profile's figures."""

    profile: str
    active: int = 0
    quiet: int = 0
    closing: int = 0
    leaked: int = 0
    unconfirmed: int = 0
    """Sessions whose `new` was not answered, which may not exist."""
    opened: int = 0
    """Since the run began, as `hits`."""
    hits: int = 0


class Frame(msgspec.Struct):
    """The whole run at `t`, in seconds of the run. None: not measured in that second."""

    t: float
    active: int = 0
    quiet: int = 0
    closing: int = 0
    leaked: int = 0
    others: int = 0
    """Sessions in the API's list that are not the run's."""
    held: int = 0
    """Sessions open according to our ledger."""
    listed: int | None = None
    """Sessions in the API's list."""
    opened: int = 0
    """Since the run began, as `hits` and `requests`."""
    hits: int = 0
    requests: int = 0
    leaks: int = 0
    late: float | None = None
    """p99 of the lateness of keep-alives, in seconds, in the worst process."""
    late_worst: float | None = None
    """The largest so far, as `delay_worst`; `margin_worst` is the smallest so far."""
    margin: float | None = None
    """Smallest margin of keep-alives, in seconds."""
    margin_worst: float | None = None
    margin_p1: float | None = None
    delay: float = 0.0
    """Largest delay of the load generator's loop, in seconds."""
    delay_worst: float = 0.0
    full_since: float | None = None
    """Since when the account is full, in seconds of the run; None: it is not."""
    stage: str = ""
    processes: int = 1
    profiles: list[ProfileFigures] = []
    due: list[Leak] = []
    reaped: list[LeakEnd] = []
    warnings: list[str] = []
    """Why the run's results cannot be trusted; empty: no reason is known."""


def frame(
    t: float,
    snapshots: Sequence[ProcessSnapshot],
    listed: int | None,
    others: int,
    stage: str = "",
    profiles: Iterable[str] = (),
) -> Frame:
    """Merges the snapshots of all processes. Each of `profiles` has a line, also before and after its sessions.

    A listed session that is not the run's may be one whose `new` was not answered: so many are leaked and not of others. Where
    the list shows none, such sessions do not exist; without a list, they may.
    """
    lines = _lines(snapshots, profiles)
    holders = {holder: sum(getattr(line, holder) for line in lines) for holder in _HOLDERS}
    unconfirmed = sum(line.unconfirmed for line in lines)
    confirmed = unconfirmed if listed is None else min(unconfirmed, others)
    holders[Holder.LEAKED.value] += confirmed
    return Frame(
        t=round(t, 1),
        **holders,
        others=others - (0 if listed is None else confirmed),
        held=sum(snapshot.held for snapshot in snapshots) - unconfirmed + confirmed,
        listed=listed,
        opened=sum(snapshot.opened for snapshot in snapshots),
        hits=sum(snapshot.hits for snapshot in snapshots),
        requests=sum(snapshot.requests for snapshot in snapshots),
        leaks=sum(snapshot.leaks for snapshot in snapshots) + confirmed,
        late=max(_known(snapshot.keep_alive_late for snapshot in snapshots), default=None),
        margin=min(_known(snapshot.margin_min for snapshot in snapshots), default=None),
        margin_p1=min(_known(snapshot.margin_p1 for snapshot in snapshots), default=None),
        delay=max((snapshot.worst_delay for snapshot in snapshots), default=0.0),
        stage=stage,
        processes=len(snapshots),
        profiles=lines,
        due=sorted((leak for snapshot in snapshots for leak in snapshot.due_next), key=lambda leak: leak.due)[
            :MOST_LEAKS
        ],
        reaped=sorted((end for snapshot in snapshots for end in snapshot.ended_last), key=lambda end: -end.ended)[
            :MOST_LEAKS
        ],
    )


def warnings_of(snapshots: Sequence[ProcessSnapshot], worst_delay: float, tolerance: float) -> list[str]:
    """Returns why the results cannot be trusted; `worst_delay`: of the generator's loop in the whole run, in seconds."""
    found = []
    if worst_delay > tolerance:
        found.append(
            f"The load generator stalled for {worst_delay:.1f} s (tolerance {tolerance:g} s). The verdict will be inconclusive."
        )
    now = max((snapshot.worst_delay for snapshot in snapshots), default=0.0)
    if LATE_SECONDS < now <= tolerance:
        found.append(f"The load generator cannot keep up: its delay is {now * 1000:.0f} ms.")
    if lost := sum(snapshot.lost_events for snapshot in snapshots):
        found.append(f"{count(lost, 'event')} could not be written. The verdict will be inconclusive.")
    if defects := sum(snapshot.defects for snapshot in snapshots):
        found.append(f"{count(defects, 'internal error')} (see Logs). The verdict will be inconclusive.")
    return found


def _lines(snapshots: Sequence[ProcessSnapshot], profiles: Iterable[str]) -> list[ProfileFigures]:
    counts: dict[str, Counter[str]] = {profile: Counter() for profile in profiles}
    for snapshot in snapshots:
        for profile, holders in snapshot.sessions.items():
            counts.setdefault(profile, Counter()).update(holders)
        for name, totals in (("opened", snapshot.opened_by_profile), ("hits", snapshot.hits_by_profile)):
            for profile, total in totals.items():
                counts.setdefault(profile, Counter())[name] += total
    return [
        ProfileFigures(profile, **{name: found[name] for name in _COUNTED}) for profile, found in sorted(counts.items())
    ]


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]
