"""The interpreter's collector of cyclic garbage, told that there is next to none.

A person is a generator, a session, a few numbers: all of it is freed by reference counting when they leave. By its own
rhythm the collector would look at every open session again and again to find that out: a sixth of a simulation's time, and
in a process that keeps time a pause that grows with the number of sessions. What has stayed for a second is left out of it for
the rest of the run; a ring of objects that is broken off later is then never freed, and there are few of those: after 13,600
sessions of two seconds, one answer in twenty broken, the process held what it held after 7,000 (161 MB), and the rings that were
left came to less than one object a session, nearly all of them of the run's end. docs/soak.md says how a run shows its memory.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_YOUNG, _MIDDLE, _OLD = 100_000, 20, 20
"""Allocations that outlived their makers, and younger collections, before each generation's turn."""

_ROOM_BLOCKS, _BLOCK_BYTES = 8192, 470
"""Four megabytes of small objects."""
_PINNED_EACH = 1000
"""Less than there are of those in an arena of Python's allocator, one megabyte."""
_pins: list[bytes] = []


def collect_and_freeze() -> None:
    """Collect what was made since the last time, and look no more at what has stayed. Once a second: the pause stays short."""
    gc.collect(0)
    gc.freeze()
    _keep_room()


@contextmanager
def infrequent_collection() -> Iterator[None]:
    """Collect seldom, and never what exists by now; afterwards as before."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _keep_room() -> None:
    """See to it that Python's allocator has arenas all but empty, each with one object that keeps it from being given back.

    Where sessions fill all arenas to the brim, what a request needs for a moment goes into a new one, which is given back a
    moment later: with 20,000 sessions open, a third of the sandbox's time went into mapping and clearing the same megabyte.
    """
    room = [bytes(_BLOCK_BYTES) for _ in range(_ROOM_BLOCKS)]
    _pins[:] = room[::_PINNED_EACH]
