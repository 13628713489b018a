"""Gates: the conditions that decide a run's verdict, as text in its scenario.

    keep_alive.margin.p1 > 5s                            FIGURE OPERATOR NUMBER[UNIT]
    concurrency_hits.first_attempts < 1% after 2m        in a window of the run: after T, last T, every T window
    latency.task.p95 drift < 10%/h                       the change of a latency over time
    finding(ghost-sessions) absent                       or present
    sessions_lost_to_idle == 0 abort after 30s           from 30 s on, end the run as soon as the gate fails

Figures, units, windows and names are checked before the run starts. A gate on a figure that was not measured is *unknown*,
never passed.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema, model_serializer, model_validator

from loadtests.model.gates.figure import DRIFTING, FIGURES, GROWING, SHARES, WHOLE, Unit, figure_called
from loadtests.model.gates.finding_names import FINDINGS
from loadtests.model.gates.window import Window, WindowKind, parse_window
from loadtests.model.text.suggestion import nearest
from loadtests.model.text.units import parse_duration

__all__ = ["FIGURES", "Gate", "GateText", "Unit", "parse_gate"]

_HEAD = re.compile(
    r"\s*(?P<figure>[a-z][a-z0-9_.\-]*?)(?P<drift>\s+drift)?\s*(?P<comparison>==|!=|<=|>=|<|>)\s*(?P<number>-?\d+(?:\.\d+)?)"
    r"\s*(?P<unit>%(?:\s*/\s*[a-z]+)?|(?!(?:after|last|every|any|abort)\b)[a-z]*)(?P<rest>(?:\W.*)?)",
    re.DOTALL,
)
_FINDING = re.compile(r"\s*finding\(\s*([a-z0-9\-]+)\s*\)\s*(absent|present)\b(.*)", re.DOTALL)
_ABORT = re.compile(r"abort(?:\s+after\s+(\S+))?")
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_UPPER = ("==", "<", "<=")
_EXAMPLES = (
    "write for example 'sessions.fates.lingering == 0', 'keep_alive.margin.p1 > 5s', 'latency.new.p99 < 800ms after 2m' or"
    " 'finding(ghost-sessions) absent'"
)
_KEYS = {"abortOnFail": "abort", "delayAbortEval": "grace", "threshold": "gate"}
"""k6's names for the keys of a gate's table."""


class Gate(BaseModel):
    """One condition on one figure."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    text: str
    figure: str
    comparison: str
    bound: float
    """In the figure's unit: seconds, a share of 1, or a count; for a drift, a share an hour."""
    is_drift: bool = False
    window: Window | None = None
    """None: the whole run."""
    abort_after: float | None = None
    """From this second on, the run ends as soon as the gate fails; None: never."""

    @model_serializer
    def _as_text(self) -> str:
        return self.text

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, given: Any) -> Any:
        return _fields(given) if isinstance(given, str) else given

    def holds(self, value: float) -> bool:
        """Whether `value`, in the figure's unit, satisfies the gate."""
        return _COMPARE[self.comparison](value, self.bound)

    def agrees(self, low: float, high: float) -> bool:
        """Whether all values from `low` to `high` satisfy the gate, or none does."""
        is_between = self.comparison in ("==", "!=") and low < self.bound < high
        return self.holds(low) == self.holds(high) and not is_between

    @property
    def is_upper(self) -> bool:
        """Whether the gate is an upper bound: once a growing value fails it, it never passes again."""
        return self.comparison in _UPPER


def parse_gate(given: Any) -> Gate:
    """Returns the gate in a text, or in a table `{ gate = "…", abort = true, grace = "30s" }`.

    Raises ValueError with all mistakes.
    """
    if isinstance(given, Gate):
        return given
    text = _as_one_text(given) if isinstance(given, dict) else given
    return Gate(**_fields(" ".join(text.split()) if isinstance(text, str) else text))


GateText = Annotated[
    Gate,
    BeforeValidator(parse_gate),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "properties": {
                        "gate": {"type": "string"},
                        "abort": {"type": "boolean"},
                        "grace": {"type": ["string", "number"]},
                    },
                    "required": ["gate"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
"""A gate in a scenario."""


def _as_one_text(table: dict[str, Any]) -> str:
    known = ("gate", "abort", "grace")
    wrong = [key for key in table if key not in known]
    if wrong:
        hint = f"; did you mean {_KEYS[wrong[0]]!r}?" if wrong[0] in _KEYS else nearest(wrong[0], known)
        raise ValueError(f"a gate's table has no key {wrong[0]!r}{hint}")
    text, abort, grace = table.get("gate"), table.get("abort", False), table.get("grace")
    if not isinstance(text, str) or not isinstance(abort, bool):
        raise ValueError(
            "a gate's table must be, for example, { gate = 'concurrency_hits.count < 5', abort = true, grace = '30s' }"
        )
    if grace is None:
        return f"{text} abort" if abort else text
    if not abort:
        raise ValueError("'grace' requires abort = true")
    return f"{text} abort after {parse_duration(grace):g}s"


def _fields(text: Any) -> dict[str, Any]:
    if isinstance(text, str) and (finding := _FINDING.fullmatch(text)):
        return _finding_fields(text, *finding.groups())
    match = _HEAD.fullmatch(text) if isinstance(text, str) else None
    if not match:
        raise ValueError(f"must be a gate: {_EXAMPLES}")
    figure, mistakes = figure_called(match["figure"]), []
    fields: dict[str, Any] = {"text": text, "comparison": match["comparison"], "is_drift": bool(match["drift"])}
    try:
        figure, fields["bound"] = _bounded(figure, match)
    except ValueError as error:
        mistakes.append(str(error))
    try:
        fields |= _tail(match["rest"])
    except ValueError as error:
        mistakes.append(str(error))
    fields["figure"] = figure
    mistakes += _misfits(fields)
    if mistakes:
        raise ValueError("; ".join(mistakes))
    return fields


def _finding_fields(text: str, name: str, wanted: str, rest: str) -> dict[str, Any]:
    if name not in FINDINGS:
        raise ValueError(f"no finding {name!r}{nearest(name, FINDINGS)}")
    if rest.strip():
        raise ValueError(f"a finding is about the whole run and known at its end; {rest.strip()!r} is not allowed")
    comparison = "==" if wanted == "absent" else "!="
    return {"text": text, "figure": f"finding.{name}", "comparison": comparison, "bound": 0.0}


def _bounded(figure: str, match: re.Match[str]) -> tuple[str, float]:
    """Returns the figure, and the bound in its unit."""
    number, unit = match["number"], match["unit"]
    if match["drift"]:
        return figure, _drift_bound(number, unit)
    if unit == "%":
        figure = SHARES.get(figure, figure)
    kind = FIGURES[figure]
    if kind is Unit.SECONDS and unit in ("ms", "s", "m", "min", "h"):
        sign = -1.0 if number.startswith("-") else 1.0
        return figure, sign * parse_duration(number.lstrip("-") + unit)
    if kind is Unit.SHARE and unit == "%":
        return figure, float(number) / 100
    if kind is Unit.COUNT and not unit:
        return figure, float(number)
    required = {
        Unit.SECONDS: "is a duration: its bound must have a unit, for example '5s' or '250ms'",
        Unit.SHARE: "is a share: its bound must be a percentage, for example '1%'",
        Unit.COUNT: "is a count: its bound must have no unit",
    }
    rate = "; a bound such as '10%/h' requires 'drift'" if "/" in unit else ""
    raise ValueError(f"{figure} {required[kind]}{rate}")


def _drift_bound(number: str, unit: str) -> float:
    per = {"min": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0}.get(unit.partition("/")[2].strip())
    if not unit.startswith("%") or per is None:
        raise ValueError("a drift is a change over time: its bound must have a unit, for example '10%/h'")
    return float(number) / 100 * 3600 / per


def _tail(rest: str) -> dict[str, Any]:
    """Parses what follows the bound: a window, `abort`."""
    window, rest = parse_window(rest)
    if not rest:
        return {"window": window}
    match = _ABORT.fullmatch(rest)
    if not match:
        near = nearest(rest.split()[0], ("after", "last", "every", "any", "window", "abort"))
        raise ValueError(f"{rest!r} is not valid here{near or f': {_EXAMPLES}'}")
    return {"window": window, "abort_after": parse_duration(match[1]) if match[1] else 0.0}


def _misfits(fields: dict[str, Any]) -> list[str]:
    """Returns what the figure does not allow."""
    figure, window = fields["figure"], fields.get("window")
    mistakes = []
    if fields["is_drift"]:
        mistakes += _drift_misfits(figure, fields["comparison"], window)
    elif window and figure in WHOLE:
        mistakes.append(f"{figure} is about the whole run: a window such as '{window}' is not allowed")
    if fields.get("abort_after") is not None and not _is_incremental(fields):
        counts = ", ".join(sorted(GROWING))
        mistakes.append(
            f"'abort' requires a figure that only grows ({counts}), an operator ==, < or <=, and no window but 'after'"
        )
    return mistakes


def _drift_misfits(figure: str, comparison: str, window: Window | None) -> list[str]:
    mistakes = []
    if figure not in DRIFTING:
        mistakes.append(
            f"{figure} has no drift: use p5, p50, p95 or p99 of a call's latency, for example 'latency.task.p95'"
        )
    if comparison in ("==", "!="):
        mistakes.append("a drift is an estimate with an interval: its operator must be <, <=, > or >=")
    if window:
        mistakes.append("a drift allows no window: the warm-up is detected and left out")
    return mistakes


def _is_incremental(fields: dict[str, Any]) -> bool:
    window = fields.get("window")
    is_from_here_on = window is None or window.kind is WindowKind.AFTER
    return is_from_here_on and fields["figure"] in GROWING and not fields["is_drift"] and fields["comparison"] in _UPPER
