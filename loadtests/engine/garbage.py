"""Tunes the garbage collector for many long-lived sessions.

A session's objects (a generator, a Session, a few numbers) form no cycles, so reference counting frees them. With its default
thresholds the cyclic collector would scan every open session repeatedly: a sixth of a simulation's time, and in a load
generator a pause that grows with the number of sessions. Objects that survive one second are frozen here, and the collector
ignores them for the rest of the run. A cycle that becomes garbage after that is never freed. There are few of those: after
13,600 sessions of two seconds, with one answer in twenty broken, memory was the same as after 7,000 (161 MB), and fewer than one
object a session was left in cycles, nearly all of them from the end of the run. docs/soak.md explains how a run reports its
memory.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_YOUNG, _MIDDLE, _OLD = 100_000, 20, 20
"""Thresholds of the three generations, as in `gc.set_threshold`."""

_ROOM_BLOCKS, _BLOCK_BYTES = 8192, 470
"""Four megabytes of small objects."""
_PINNED_EACH = 1000
"""One block in so many is kept: at least one in each one-megabyte arena of Python's allocator."""
_GROWTH_BLOCKS = 16_384
"""The room may be filled after the process has grown by so many objects of some hundred bytes."""
_pins: list[bytes] = []
_fewest_blocks = -_GROWTH_BLOCKS
"""Objects in the allocator since the room was reserved, at the fewest."""


def collect_and_freeze() -> None:
    """Collects recent garbage and freezes what survives. Called once a second, so that the pause stays short."""
    gc.collect(0)
    gc.freeze()
    _reserve_arenas()


@contextmanager
def infrequent_collection() -> Iterator[None]:
    """Raises the collector's thresholds and freezes the objects that exist; restores both on exit."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _reserve_arenas() -> None:
    """Keeps a few nearly empty arenas in Python's allocator: one object in each prevents its release.

    When sessions fill all arenas, the short-lived objects of a request need a new arena, which is released right afterwards. With
    20,000 open sessions the sandbox spent a third of its time mapping and clearing the same megabyte. Only after the process has
    grown: to reserve takes 1 to 3 ms, for which requests that are due wait.
    """
    global _fewest_blocks
    blocks = sys.getallocatedblocks()
    if blocks < _fewest_blocks + _GROWTH_BLOCKS:
        _fewest_blocks = min(_fewest_blocks, blocks)
        return
    room = [bytes(_BLOCK_BYTES) for _ in range(_ROOM_BLOCKS)]
    _pins[:] = room[::_PINNED_EACH]
    _fewest_blocks = blocks
