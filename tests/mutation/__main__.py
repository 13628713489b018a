"""`make mutants`: applies each break in a copy of the tree; exit code 1 if the tests pass in spite of one.

Each set of tests is run on an unchanged copy first: tests that fail anyway notice nothing.
Arguments: words; only the mutants whose file or line contains one of them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .mutants import MUTANTS, Mutant

_ROOT = Path(__file__).parents[2]
_PARTS = ("loadtests", "reports", "profiles", "tests", "docs", "locustfile.py", "pyproject.toml", "README.md")
_BOUND_SECONDS = 600
_FAILED_TESTS = 1
"""Pytest's exit code when tests ran and some failed. Any other one but 0 means that the tests could not be run."""


def main() -> int:
    """Apply and test each, two at a time, with a line about each."""
    chosen = [one for one in MUTANTS if _is_chosen(one, sys.argv[1:])]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        suites = sorted({one.tests for one in chosen})
        passing = dict(zip(suites, pool.map(_pass_unchanged, suites), strict=True))
        results = list(pool.map(lambda one: _report(one, passing[one.tests]), chosen))
    print(f"{results.count('noticed')} of {len(chosen)} mutants noticed")
    return int(set(results) != {"noticed"})


def _is_chosen(mutant: Mutant, words: list[str]) -> bool:
    return not words or any(word in mutant.file or word in mutant.old for word in words)


def _pass_unchanged(tests: str) -> bool:
    return _exit_code(tests, None, "") == 0


def _report(mutant: Mutant, pass_unchanged: bool) -> str:
    result = _result(mutant) if pass_unchanged else "NOT TRIED (its tests fail without it)"
    print(f"{result}: {mutant.file}: {mutant.old} → {mutant.new} ({mutant.tests})", flush=True)
    return result


def _result(mutant: Mutant) -> str:
    """`noticed`, `SURVIVED`, or why it could not be tried."""
    lines = (_ROOT / mutant.file).read_text(encoding="utf-8").splitlines(keepends=True)
    places = [number for number, line in enumerate(lines) if line.strip() == mutant.old]
    if len(places) != 1:
        return f"STALE (the line occurs {len(places)} times)"
    (place,) = places
    lines[place] = lines[place].replace(mutant.old, mutant.new)
    code = _exit_code(mutant.tests, mutant.file, "".join(lines))
    if code not in (0, _FAILED_TESTS):
        return f"NOT TRIED (pytest ended with {code})"
    return "noticed" if code else "SURVIVED"


def _exit_code(tests: str, changed: str | None, text: str) -> int:
    """Pytest's, in a copy of the tree in which the file `changed` has this text."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        copy = Path(folder)
        for part in _PARTS:
            _copy(_ROOT / part, copy / part)
        if changed:
            (copy / changed).write_text(text, encoding="utf-8")
        # -m puts the copy before the installed package, in pytest and in each process that it starts there.
        command = [sys.executable, "-E", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests.split()]
        return subprocess.run(command, cwd=copy, capture_output=True, check=False, timeout=_BOUND_SECONDS).returncode


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy2(source, target)


if __name__ == "__main__":
    sys.exit(main())
