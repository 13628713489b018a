"""What each defect must be found as, and what else may legitimately show beside it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Expected:
    """Of one defect."""

    strengths: tuple[str, str]
    """The weaker one, the stronger one."""
    finding: str
    """Its own."""
    beside: tuple[str, ...] = ()
    """Other findings of severity "problem" that are true as well, or cannot be told from it."""
    why: str = ""
    """How those come about."""
    paired: str = ""
    """The strength in pairs, where the other one hides everything else (an account that is full of ghosts, say)."""


EXPECTED: dict[str, Expected] = {
    "ghost-on-stop": Expected(("0.05", "0.3"), "ghost-sessions", paired="0.05"),
    "keepalive-ignored": Expected(("0.3", "1"), "keepalive-ignored"),
    "late-reap": Expected(
        ("10", "90"),
        "late-reap",
        ("lingering-sessions",),
        "what was overdue when the run ended was never seen to be reaped",
    ),
    "never-reap": Expected(("0.2", "1"), "lingering-sessions", paired="0.2"),
    "early-reap": Expected(("8", "20"), "early-reap"),
    "slot-lag": Expected(("1.5", "4"), "slot-release-lag"),
    "limit-short": Expected(("2", "6"), "limit-below-advertised"),
    "hidden-cap": Expected(("300", "600"), "hidden-duration-cap", paired="600"),
    "timeout-clamped": Expected(("50", "100"), "timeout-clamped"),
    "lost-answer": Expected(
        ("0.05", "0.2"),
        "lost-answers",
        ("hanging-requests",),
        "a session that ended before its new was given up was never seen: cannot be told apart, and says so",
    ),
    "hang": Expected(("0.01", "0.05"), "hanging-requests"),
    "slow-new": Expected(("2", "7"), "slow-new"),
    "error-in-200": Expected(("0.3", "1"), "errors-in-200"),
    "flaky": Expected(
        ("0.02", "0.1"), "unstable-answers", ("lost-answers",), "a broken answer to new may have opened a session"
    ),
    "leak-memory": Expected(("0.3", "1"), "latency-drift"),
    "slow-down": Expected(("0.2", "1"), "latency-drift"),
}

INSEPARABLE: tuple[frozenset[str], ...] = (
    frozenset({"late-reap", "never-reap", "early-reap", "timeout-clamped"}),
    frozenset({"leak-memory", "slow-down"}),
)
"""Defects of which two at once are a third of the same kind: two wrong reapers are one reaper, two drifts one drift."""
