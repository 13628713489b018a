"""`too-few-samples`: a gate on a percentile that the run has too few values for."""

from __future__ import annotations

from loadtests.model.maths.reported_percentiles import least_values
from loadtests.model.text.wording import count
from reports.analysis.percentiles import Percentiles
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding


def check(evidence: Evidence) -> Checked:
    """Checks how many values each gate's percentile is computed from."""
    scenario = evidence.manifest.scenario
    least_samples = scenario.least_samples if scenario else None
    thin = []
    for gate in scenario.gates if scenario else ():
        n, least = _values(gate.figure.rpartition(".")[0], evidence), least_values(gate.figure, least_samples)
        if n is not None and 0 < n < least:
            thin.append(f"{gate.figure} has {count(n, 'value')} (at least {least} needed)")
    if not thin:
        return None
    return Finding(
        "too-few-samples",
        "warning",
        "generator",
        "certain",
        f"Some gates test percentiles of too few values: {'; '.join(thin)}.",
        "Run longer or with more load, or test the median or the maximum instead.",
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


CHECK = Check("too-few-samples", check)
