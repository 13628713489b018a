"""Makes Arrow columns out of Python values without `pyarrow.array`, which imports pandas: a third of a second of CPU time at the
start of each process that generates load, and 30 MB of its memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

NUMBERS = {name: np.dtype(name) for name in ("int16", "int32", "int64", "float64")}
"""The types of number columns, by Arrow's name."""


def column(values: npt.NDArray[Any]) -> pa.Array:
    """Returns a column of numbers, of the type that numpy's array has."""
    return pa.Array.from_buffers(pa.type_for_alias(values.dtype.name), len(values), [None, pa.py_buffer(values)])


def numbers(values: Iterable[Any], count: int, kind: str) -> pa.Array:
    """Returns a column of `count` numbers of a type in NUMBERS. Raises OverflowError or ValueError if one does not fit."""
    return column(np.fromiter(values, NUMBERS[kind], count))


def repeated(value: float, count: int, kind: str) -> pa.Array:
    """Returns a column that has one number `count` times. Raises OverflowError if it does not fit."""
    return column(np.full(count, value, NUMBERS[kind]))


def strings(values: Sequence[str | None]) -> pa.Array:
    """Returns a column of texts. Raises ValueError for one that has no UTF-8 form."""
    count, nulls = len(values), values.count(None)
    texts = [value or "" for value in values] if nulls < count else []
    joined = "".join(texts)
    data = joined.encode()
    if len(data) == len(joined):
        lengths: Iterable[int] = map(len, texts)
    else:
        lengths = (len(text.encode()) for text in texts)
    offsets = np.zeros(count + 1, np.int32)
    if texts:
        np.cumsum(np.fromiter(lengths, np.int32, count), out=offsets[1:])
    buffers = [_validity(values, nulls) if nulls else None, pa.py_buffer(offsets), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.string(), count, buffers, nulls)


def _validity(values: Sequence[str | None], nulls: int) -> pa.Buffer:
    """Returns Arrow's bitmap of the values that are not None; `nulls` of them are None."""
    if nulls == len(values):
        # Mostly so; the other way takes ten times as long.
        return pa.py_buffer(bytes(-(-len(values) // 8)))
    present = np.fromiter((value is not None for value in values), np.bool_, len(values))
    return pa.py_buffer(np.packbits(present, bitorder="little"))
