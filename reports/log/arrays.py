"""Columns of the log as numpy arrays; categories by number."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Codes = npt.NDArray[np.integer[Any]]


def combinations_of(*columns: pa.DictionaryArray) -> tuple[Codes, list[tuple[str | None, ...]]]:
    """Returns each row's words in some categories, as an index into the possible ones, which are returned too; those of another
    batch may be others.
    """
    (codes, *others), words = zip(*map(_words_of, columns), strict=True)
    for of, known in zip(others, words[1:], strict=True):
        codes = codes * len(known) + of
    return codes, list(product(*words))


def _words_of(column: pa.DictionaryArray) -> tuple[Codes, list[str | None]]:
    words = column.dictionary.to_pylist()
    # A null is encoded as the last word, which is None.
    return values_of(column.indices.fill_null(len(words))), [*words, None]


def values_of(column: pa.Array) -> npt.NDArray[Any]:
    """Returns a column of numbers; NaN where one is missing."""
    values: npt.NDArray[Any] = column.to_numpy(zero_copy_only=False)
    return values
