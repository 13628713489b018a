"""The finding that each defect must cause, and those that may appear with it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Expected:
    """The expectation for one defect."""

    strengths: tuple[str, str]
    """The weaker one, the stronger one."""
    finding: str
    """The finding that it must cause; "" if it must cause none."""
    beside: tuple[str, ...] = ()
    """Other findings of severity "problem" that are also true, or look the same in the log."""
    why: str = ""
    """Why those appear."""
    paired: str = ""
    """The strength in pairs, if the other strength hides everything else (an account full of ghosts, for example)."""


EXPECTED: dict[str, Expected] = {
    "ghost-on-stop": Expected(("0.05", "0.3"), "ghost-sessions", paired="0.05"),
    "keepalive-ignored": Expected(("0.3", "1"), "keepalive-ignored"),
    "late-reap": Expected(
        ("10", "90"),
        "late-reap",
        ("lingering-sessions",),
        "sessions that are overdue when the run ends were never seen to be reaped",
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
        ("hanging-requests", "leaks-held-the-limit"),
        "a session that ended before its new timed out was never listed, which looks the same; the finding says so; and in a"
        " fuller account the modelled leaks cost more",
    ),
    "hang": Expected(("0.01", "0.05"), "hanging-requests"),
    "slow-new": Expected(("2", "7"), "slow-new"),
    "error-in-200": Expected(("0.3", "1"), "errors-in-200"),
    "flaky": Expected(
        ("0.02", "0.1"),
        "unstable-answers",
        ("lost-answers", "failed-calls", "rate-limited", "leaks-held-the-limit"),
        "a broken answer to new may have opened a session, which holds a slot; a broken refusal does not say why",
    ),
    "leak-memory": Expected(("0.3", "1"), "latency-drift"),
    "slow-down": Expected(("0.2", "1"), "latency-drift"),
    "hidden-slot-lag": Expected(("1.5", "4"), "slot-release-lag"),
    "end-lag": Expected(("3", "8"), "slot-release-lag"),
    "limit-drops": Expected(("4", "8"), "limit-below-advertised"),
    "list-lag": Expected(("2", "5"), "list-lags"),
    "list-ended": Expected(("5", "20"), "list-lags"),
    "list-omits": Expected(("0.02", "0.1"), "list-inconsistent"),
    "list-empty": Expected(("0.005", "0.02"), "list-inconsistent"),
    "list-partial": Expected(("5", "20"), "list-unavailable", paired="20"),
    "clock-ahead": Expected(("5", "3600"), ""),
    "repeated-id": Expected(("0.02", "0.1"), "duplicate-session-ids"),
    "stop-ignored": Expected(("0.1", "1"), "stop-without-effect", paired="0.1"),
}

INSEPARABLE: tuple[frozenset[str], ...] = (
    frozenset({"late-reap", "never-reap", "early-reap", "timeout-clamped"}),
    frozenset({"leak-memory", "slow-down"}),
    frozenset({"slot-lag", "hidden-slot-lag", "end-lag", "limit-drops", "limit-short"}),
    frozenset({"list-lag", "list-ended", "list-omits", "list-empty", "list-partial"}),
)
"""Defects of one kind, which the log cannot tell apart in pairs: two wrong reapers act as one, two drifts as one."""


@dataclass(frozen=True)
class Covered:
    """What two defects at once may leave unfound, although each is found alone."""

    finding: str
    """That may be missing."""
    why: str
    beside: tuple[str, ...] = ()
    """Findings that may stand in its place."""


_FEW_REFUSALS = "sessions that end early leave room in the account, so too few requests are refused to tell by"
_UNKNOWN_SESSIONS = "requests without a usable answer may have opened the sessions that fill the account"
_UNNAMED_SESSIONS = "sessions whose id nobody was told may fill the account"
_UNREADABLE = "without the list nobody sees who else fills the account"
_LISTED = "nothing is refused that would show whether a session that is listed after its end holds its slot"
_BOTH_LATE = "both make the list show a session after its end"

COVERED: dict[frozenset[str], Covered] = {
    frozenset({"hidden-cap", "hidden-slot-lag"}): Covered("slot-release-lag", _FEW_REFUSALS),
    frozenset({"early-reap", "hidden-slot-lag"}): Covered("slot-release-lag", _FEW_REFUSALS),
    frozenset({"keepalive-ignored", "end-lag"}): Covered("slot-release-lag", _FEW_REFUSALS),
    frozenset({"flaky", "hidden-slot-lag"}): Covered("slot-release-lag", _UNKNOWN_SESSIONS),
    frozenset({"flaky", "end-lag"}): Covered("slot-release-lag", _UNKNOWN_SESSIONS),
    frozenset({"flaky", "limit-short"}): Covered("limit-below-advertised", _UNKNOWN_SESSIONS),
    frozenset({"repeated-id", "hidden-slot-lag"}): Covered("slot-release-lag", _UNNAMED_SESSIONS),
    frozenset({"repeated-id", "end-lag"}): Covered("slot-release-lag", _UNNAMED_SESSIONS),
    frozenset({"list-partial", "hidden-slot-lag"}): Covered("slot-release-lag", _UNREADABLE),
    frozenset({"list-partial", "end-lag"}): Covered("slot-release-lag", _UNREADABLE),
    frozenset({"list-partial", "limit-drops"}): Covered("limit-below-advertised", _UNREADABLE),
    frozenset({"hidden-cap", "list-ended"}): Covered("list-lags", _LISTED, ("slot-release-lag",)),
    frozenset({"slow-new", "list-lag"}): Covered("list-lags", _LISTED, ("slot-release-lag",)),
    frozenset({"slot-lag", "list-lag"}): Covered("slot-release-lag", _BOTH_LATE),
    frozenset({"end-lag", "list-ended"}): Covered("list-lags", _BOTH_LATE),
}

_ONE_TIMEOUT = (
    "all sessions have one idle timeout, so that a reaper that is early cannot be told from a timeout that is cut"
)
_NO_LIST = "without a list nobody sees when a session ended, and so which slots were held"


def _elsewhere(name: str, finding: str, why: str, *beside: str) -> tuple[str, Expected]:
    return name, Expected(EXPECTED[name].strengths, finding, beside, why)


ELSEWHERE: dict[str, dict[str, Expected]] = {
    "liveavatar": dict(
        (
            _elsewhere("early-reap", "timeout-clamped", _ONE_TIMEOUT, "early-reap"),
            _elsewhere("stop-ignored", "stop-without-effect", _ONE_TIMEOUT, "slot-release-lag"),
        )
    ),
    "d-id": dict(
        (
            _elsewhere("early-reap", "timeout-clamped", _ONE_TIMEOUT, "early-reap"),
            _elsewhere("keepalive-ignored", "", "the API has no keep-alive"),
            _elsewhere("error-in-200", "", "answers have no code, so that an error has an HTTP status"),
            _elsewhere("ghost-on-stop", "unexplained-ends", _NO_LIST),
            _elsewhere("lost-answer", "hanging-requests", _NO_LIST),
            _elsewhere("late-reap", "late-reap", ""),
            _elsewhere(
                "never-reap", "late-reap", "nobody sees for how long, but calls are acknowledged after the due time"
            ),
            *(
                _elsewhere(name, "", _NO_LIST)
                for name in (
                    *(
                        "slot-lag",
                        "hidden-slot-lag",
                        "end-lag",
                        "limit-short",
                        "limit-drops",
                    ),
                    *(
                        "stop-ignored",
                        "list-lag",
                        "list-ended",
                        "list-omits",
                        "list-empty",
                        "list-partial",
                    ),
                )
            ),
        )
    ),
}
"""By API and defect: what is found instead at an API that shows less. What is not named is found as at the default API."""
