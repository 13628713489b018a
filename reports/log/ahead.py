"""Makes the next item of an iterator in another thread while one is used."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterator[T]) -> Iterator[T]:
    """Yields `items`, of which one is made ahead."""
    with ThreadPoolExecutor(1) as thread:
        pending = thread.submit(list, islice(items, 1))
        while found := pending.result():
            pending = thread.submit(list, islice(items, 1))
            # Nothing here holds the item while it is used: it may be large.
            yield found.pop()
