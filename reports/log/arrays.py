"""Columns of the log as numpy arrays; categories by number."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def words_of(column: pa.DictionaryArray) -> tuple[npt.NDArray[np.integer[Any]], list[str | None]]:
    """Returns a category as indices into the words that are returned too; those of another batch may be others."""
    words = column.dictionary.to_pylist()
    # A null is encoded as the last word, which is None.
    return values_of(column.indices.fill_null(len(words))), [*words, None]


def values_of(column: pa.Array) -> npt.NDArray[Any]:
    """Returns a column of numbers; NaN where one is missing."""
    values: npt.NDArray[Any] = column.to_numpy(zero_copy_only=False)
    return values
