"""Arrow columns made without pandas are those that Arrow makes."""

from __future__ import annotations

import subprocess
import sys

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.recording.columns import NUMBERS, numbers, repeated, strings

_WITHOUT_PANDAS = """
import sys
from pathlib import Path
from loadtests.model.log.rows import note_row
from loadtests.recording.recorder import Recorder
import loadtests.plugin.install
recorder = Recorder(Path(sys.argv[1]), ["reading"])
recorder.append(note_row(1.0, "loop", None, 1.0, "a detail"))
recorder.close()
heavy = {"pandas", "scipy", "duckdb", "altair"} & set(sys.modules)
sys.exit(f"imported: {sorted(heavy)}" if heavy else 0)
"""


@given(st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=5), max_size=40))
def test_texts_are_those_that_arrow_makes(values: list[str | None]) -> None:
    """Texts of any script, empty ones and none."""
    column = strings(values)
    column.validate(full=True)
    assert column.equals(pa.array(values, pa.string()))


@pytest.mark.parametrize("kind", NUMBERS)
def test_numbers_are_those_that_arrow_makes(kind: str) -> None:
    """Also no numbers at all, and one repeated."""
    for values in ([], [0], [1, -2, 3]):
        assert numbers(values, len(values), kind).equals(pa.array(values, pa.type_for_alias(kind)))
    assert repeated(7, 3, kind).equals(pa.array([7, 7, 7], pa.type_for_alias(kind)))


def test_a_number_that_does_not_fit_is_an_error() -> None:
    """The recorder counts its batch as lost."""
    with pytest.raises(OverflowError):
        numbers([1 << 15], 1, "int16")
    with pytest.raises(ValueError, match="surrogates"):
        strings(["\ud800"])


def test_a_process_that_generates_load_imports_nothing_of_the_reports(tmp_path: object) -> None:
    """Pandas and scipy take a third of a second of each start each, and memory."""
    done = subprocess.run([sys.executable, "-c", _WITHOUT_PANDAS, str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
