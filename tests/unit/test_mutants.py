"""The breaks of `make mutants`: each finds its line, so that an edit of the line is noticed here and not weeks later."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutation.mutants import MUTANTS, Mutant

_ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.old)
def test_each_break_has_its_line_and_its_tests(mutant: Mutant) -> None:
    """The line stands once in its file."""
    lines = (_ROOT / mutant.file).read_text(encoding="utf-8").splitlines()
    assert [line.strip() for line in lines].count(mutant.old) == 1
    assert mutant.new != mutant.old
    assert (_ROOT / mutant.tests.split()[0].partition("::")[0]).exists()
