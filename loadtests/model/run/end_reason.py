"""Why a run ended, as text in its manifest."""

from __future__ import annotations

from loadtests.model.gates.gates import Gate

TIME_OVER = "its time was over"
STOPPED = "stopped"
"""By a signal, by the web UI, or, without a scenario, by Locust's own run time."""
SPENT = "its session-minutes were used up"
DISK_FULL = "it had written as much as it may"
UNMEASURED = "a guard or an aborting gate could not be evaluated (see the log)"
"""A guard that cannot measure ends the run."""
_NOTHING_OPENED = "no session can be opened: "
_GATE_FAILED = "a gate failed: "


def gate_failed(gate: Gate) -> str:
    """Returns the reason of a run that `gate` aborts."""
    return f"{_GATE_FAILED}{gate.text}"


def nothing_opened(why: str) -> str:
    """Returns the reason of a run that ends since every attempt to open a session fails."""
    return f"{_NOTHING_OPENED}{why}"


def is_early(reason: str) -> bool:
    """Whether a run that ended for `reason` ended before its scenario did."""
    return reason in (STOPPED, SPENT, DISK_FULL, UNMEASURED) or reason.startswith((_GATE_FAILED, _NOTHING_OPENED))
