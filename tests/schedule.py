"""Orders and groups the tests of a parallel run (`pytest --dist loadgroup`).

xdist hands out groups in the order of the collected tests. A group is run by one worker process, in order.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

DURATIONS = Path(__file__).with_name("durations.txt")
"""Lines of `SECONDS NODE_ID`: the tests that take more than a second. `make durations` writes the file."""
_SHORT_SECONDS = 0.05
"""Assumed for a test that is not in the file."""


class Durations:
    """A plugin that measures each test, its fixtures included, and writes the file at the end."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up set-up, call and tear-down."""
        node, _, _ = report.nodeid.rpartition("@")  # xdist appends the group
        self._seconds[node or report.nodeid] += report.duration

    def pytest_sessionfinish(self) -> None:
        """Write those of more than a second, the longest first."""
        ordered = sorted(self._seconds.items(), key=lambda found: -found[1])
        lines = [f"{seconds:.1f} {node}\n" for node, seconds in ordered if seconds > 1]
        DURATIONS.write_text("".join(lines), encoding="utf-8")


def known_durations() -> dict[str, float]:
    """Seconds by node id."""
    lines = (line.split(" ", 1) for line in DURATIONS.read_text(encoding="utf-8").splitlines())
    return {node: float(seconds) for seconds, node in lines}


def schedule(items: list[pytest.Item]) -> None:
    """Mark each test with its group, and put the groups that take longest first.

    Tests that use a fixture of module scope are one group for each module, and so are the short tests of a module.
    Each other long test is a group of its own.
    """
    durations = known_durations()
    groups: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        groups[_group(item, durations)].append(item)
    for name, members in groups.items():
        for item in members:
            item.add_marker(pytest.mark.xdist_group(name))
    seconds = {
        name: sum(durations.get(item.nodeid, _SHORT_SECONDS) for item in members) for name, members in groups.items()
    }
    items[:] = [item for name in sorted(groups, key=lambda name: -seconds[name]) for item in groups[name]]


def _group(item: pytest.Item, durations: dict[str, float]) -> str:
    file = item.nodeid.partition("::")[0]
    if _has_module_fixture(item):
        return f"{file}-shared"
    return re.sub(r"\W+", "-", item.nodeid) if item.nodeid in durations else file


def _has_module_fixture(item: pytest.Item) -> bool:
    definitions = getattr(item, "_fixtureinfo", None)
    used = definitions.name2fixturedefs.values() if definitions else ()
    return any(definition.scope == "module" for found in used for definition in found)
