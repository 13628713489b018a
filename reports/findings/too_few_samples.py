"""`too-few-samples`: a gate on a percentile that the run has too few values for."""

from __future__ import annotations

from reports.analysis.latency import Percentiles
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding

LEAST = {"p1": 100, "p5": 20, "p50": 10, "p95": 20, "p99": 100}
"""With fewer values a percentile is no more than the least or the most of them."""


def look(evidence: Evidence) -> Checked:
    """The gates' percentiles, by the number of values behind each."""
    scenario = evidence.manifest.scenario
    thin = []
    for gate in scenario.gates if scenario else ():
        figure, _, percentile = gate.figure.rpartition(".")
        n = _values(figure, evidence)
        if n is not None and 0 < n < LEAST.get(percentile, 0):
            thin.append(f"{gate.figure} of {n} values (at least {LEAST[percentile]} are needed)")
    if not thin:
        return None
    return Finding(
        "too-few-samples",
        "warning",
        "generator",
        "certain",
        f"Gates on percentiles of too few values: {'; '.join(thin)}.",
        "Run longer or with more load, or ask for the median or the worst value instead.",
    )


def _values(figure: str, evidence: Evidence) -> int | None:
    keep_alives, generator = evidence.keep_alives, evidence.generator
    known: dict[str, Percentiles] = {
        "keep_alive.lateness": keep_alives.lateness,
        "keep_alive.margin": keep_alives.margin,
        "generator.loop_delay": generator.loop_delay,
        **{f"latency.{kind}": values for kind, values in evidence.calls.items()},
    }
    return known[figure].n if figure in known else None


CHECK = Check("too-few-samples", look)
