"""Gates: what a run is judged by, as text in its scenario.

    keep_alive.margin.p1 > 5s                            FIGURE OPERATOR NUMBER[UNIT]
    concurrency_hits.first_attempts < 1% after 2m        … of a window of the run: after T, last T, any T window
    latency.task.p95 drift < 10%/h                       how a latency changes with time
    finding(ghost-sessions) absent                       or present
    sessions_lost_to_idle == 0 abort after 30s           … and the run ends as soon as it fails, from then on

Figures, units, windows and names are checked before the run starts. What was not measured makes its gate *unknown*, never
passed.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema, model_serializer, model_validator

from loadtests.model.gates.figure import DRIFTING, FIGURES, GROWING, SHARES, WHOLE, Unit, figure_called, nearest
from loadtests.model.gates.finding_names import FINDINGS
from loadtests.model.gates.window import Window, WindowKind, parse_window
from loadtests.model.text.units import parse_duration

__all__ = ["FIGURES", "Gate", "GateText", "Unit", "parse_gate"]

_HEAD = re.compile(
    r"\s*(?P<figure>[a-z][a-z0-9_.\-]*?)(?P<drift>\s+drift)?\s*(?P<comparison>==|!=|<=|>=|<|>)\s*(?P<number>-?\d+(?:\.\d+)?)"
    r"\s*(?P<unit>%(?:\s*/\s*[a-z]+)?|(?!(?:after|last|any|abort)\b)[a-z]*)(?P<rest>(?:\W.*)?)",
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
"""What k6 calls a table's keys."""


class Gate(BaseModel):
    """One condition on one figure."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str
    figure: str
    comparison: str
    bound: float
    """In the figure's unit: seconds, a share of 1, or a count; of a drift, a share an hour."""
    is_drift: bool = False
    window: Window | None = None
    """None: the whole run."""
    abort_after: float | None = None
    """From this second on the run ends as soon as the gate has failed; None: it does not."""

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
        """Whether values can be too high for it, and a higher one never mends that."""
        return self.comparison in _UPPER


def parse_gate(given: Any) -> Gate:
    """The gate that a text describes, or a table `{ gate = "…", abort = true, grace = "30s" }`.

    Raises ValueError with every mistake in it, and what would be right.
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
"""A gate as a scenario has it."""


def _as_one_text(table: dict[str, Any]) -> str:
    known = ("gate", "abort", "grace")
    wrong = [key for key in table if key not in known]
    if wrong:
        said = f"; did you mean {_KEYS[wrong[0]]!r}?" if wrong[0] in _KEYS else nearest(wrong[0], known)
        raise ValueError(f"a gate's table has no key {wrong[0]!r}{said}")
    text, abort, grace = table.get("gate"), table.get("abort", False), table.get("grace")
    if not isinstance(text, str) or not isinstance(abort, bool):
        raise ValueError(
            "a gate's table is for example { gate = 'concurrency_hits.count < 5', abort = true, grace = '30s' }"
        )
    if grace is None:
        return f"{text} abort" if abort else text
    if not abort:
        raise ValueError("'grace' is for a gate with abort = true")
    return f"{text} abort after {parse_duration(grace):g}s"


def _fields(text: Any) -> dict[str, Any]:
    if isinstance(text, str) and (finding := _FINDING.fullmatch(text)):
        return _finding_fields(text, *finding.groups())
    match = _HEAD.fullmatch(text) if isinstance(text, str) else None
    if not match:
        raise ValueError(f"not a gate: {_EXAMPLES}")
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
        raise ValueError(f"a finding is of the whole run, and known at its end: it takes no {rest.strip()!r}")
    comparison = "==" if wanted == "absent" else "!="
    return {"text": text, "figure": f"finding.{name}", "comparison": comparison, "bound": 0.0}


def _bounded(figure: str, match: re.Match[str]) -> tuple[str, float]:
    """The figure that is meant, and its bound in that figure's unit."""
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
    right = {
        Unit.SECONDS: "a unit such as '5s' or '250ms'",
        Unit.SHARE: "a percentage such as '1%'",
        Unit.COUNT: "no unit",
    }
    rate = ", and one by time only with 'drift'" if "/" in unit else ""
    raise ValueError(f"{figure} is a {kind.value}: its bound takes {right[kind]}{rate}")


def _drift_bound(number: str, unit: str) -> float:
    per = {"min": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0}.get(unit.partition("/")[2].strip())
    if not unit.startswith("%") or per is None:
        raise ValueError("a drift is a share of the usual value by time: its bound takes a unit such as '10%/h'")
    return float(number) / 100 * 3600 / per


def _tail(rest: str) -> dict[str, Any]:
    """What stands behind the bound: a window, `abort`."""
    window, rest = parse_window(rest)
    if not rest:
        return {"window": window}
    match = _ABORT.fullmatch(rest)
    if not match:
        near = nearest(rest.split()[0], ("after", "last", "any", "window", "abort"))
        raise ValueError(f"{rest!r} is not understood{near or f': {_EXAMPLES}'}")
    return {"window": window, "abort_after": parse_duration(match[1]) if match[1] else 0.0}


def _misfits(fields: dict[str, Any]) -> list[str]:
    """What the figure cannot be asked for."""
    figure, window = fields["figure"], fields.get("window")
    said = []
    if fields["is_drift"]:
        said += _drift_misfits(figure, fields["comparison"], window)
    elif window and figure in WHOLE:
        said.append(f"{figure} is of the whole run: it takes no window such as '{window}'")
    if fields.get("abort_after") is not None and not _is_incremental(fields):
        counts = ", ".join(sorted(GROWING))
        said.append(
            f"'abort' is for what only grows while the run goes on ({counts}), with ==, < or <=, of the whole run or of 'after'"
        )
    return said


def _drift_misfits(figure: str, comparison: str, window: Window | None) -> list[str]:
    said = []
    if figure not in DRIFTING:
        said.append(f"{figure} has no drift: ask for one of a call's p5, p50, p95 or p99, such as 'latency.task.p95'")
    if comparison in ("==", "!="):
        said.append("a drift is known within an interval: its bound takes <, <=, > or >=")
    if window:
        said.append("a drift takes no window: the warm-up is found, and left out, by itself")
    return said


def _is_incremental(fields: dict[str, Any]) -> bool:
    window = fields.get("window")
    is_from_here_on = window is None or window.kind is WindowKind.AFTER
    return is_from_here_on and fields["figure"] in GROWING and not fields["is_drift"] and fields["comparison"] in _UPPER
