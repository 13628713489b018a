"""Why a run ends, as its manifest tells it."""

from __future__ import annotations

from loadtests.model.gates.gates import Gate

TIME_OVER = "its time was over"
STOPPED = "stopped"
"""By a signal, by the web UI, or, where there is no scenario, by Locust's own run time."""
SPENT = "its session-minutes were used up"
DISK_FULL = "it had written as much as it may"
_GATE_FAILED = "a gate failed: "


def gate_failed(gate: Gate) -> str:
    """The reason of a run that `gate` aborts."""
    return f"{_GATE_FAILED}{gate.text}"


def is_early(reason: str) -> bool:
    """Whether a run of a scenario that ended for `reason` did not see all of it."""
    return reason in (STOPPED, SPENT, DISK_FULL) or reason.startswith(_GATE_FAILED)
