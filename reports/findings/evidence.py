"""What checkers may look at: the log, in SQL, and the tables and figures that the rest of the report has made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from loadtests.model.run.manifest import Manifest
from reports.analysis.counterfactual import Counterfactual
from reports.analysis.generator import GeneratorHealth
from reports.analysis.hits import Hits
from reports.analysis.keepalive import KeepAlives
from reports.analysis.latency import Percentiles
from reports.analysis.leaks import LeakCosts
from reports.findings.causes import Causes, attribute
from reports.findings.failures import Failures, build_failures
from reports.findings.finding import Confidence
from reports.findings.occupancy import Occupancy, build_occupancy
from reports.findings.refusal_causes import RefusalCauses, explain_refusals
from reports.log.log import EventLog

MOST_SESSIONS = 100
"""That a finding names."""


@dataclass(frozen=True)
class Evidence:
    """The tables `sessions`, `hits`, `margins` and `segments` are in `log`, beside the view `events`."""

    log: EventLog
    log_end: float
    sessions: pd.DataFrame
    hits: Hits
    keep_alives: KeepAlives
    generator: GeneratorHealth
    calls: Mapping[str, Percentiles]
    """Latency from the send, by call."""
    looks: int
    """Looks at the API's list that succeeded."""
    unresolved: int
    peak: int
    """The most slots held at once."""
    slot_seconds: Mapping[str, float]
    """By holder."""
    counterfactual: Counterfactual
    leak_costs: LeakCosts

    @property
    def manifest(self) -> Manifest:
        """The run's."""
        return self.log.manifest

    @property
    def tolerance(self) -> float:
        """Around due times, in seconds."""
        return self.manifest.tolerance

    @cached_property
    def opened(self) -> int:
        """Sessions opened, ghosts among them."""
        return int(self.log.row("SELECT count(*) AS n FROM sessions")["n"])

    @property
    def listed(self) -> bool:
        """Whether the list was ever read."""
        return self.looks > 0

    @cached_property
    def has_contradictory_list(self) -> bool:
        """Whether the list contradicted itself or an acknowledged call."""
        return bool(self.log.row("SELECT bool_or(is_contradicted) AS found FROM sessions")["found"])

    def from_list(self, confidence: Confidence) -> Confidence:
        """Returns the confidence of a finding that rests on the list: at most likely if the list is contradictory."""
        return "likely" if self.has_contradictory_list and confidence == "certain" else confidence

    @cached_property
    def failures(self) -> Failures:
        """Answers that were none, and refusals, by call and reason."""
        return build_failures(self.log)

    @cached_property
    def causes(self) -> Causes:
        """Why sessions ended before they were due."""
        return attribute(self.log)

    @cached_property
    def has_foreign_sessions(self) -> bool:
        """Whether the list showed sessions of others."""
        return bool(self.log.row("SELECT count(*) AS n FROM strangers")["n"])

    @cached_property
    def refusal_causes(self) -> RefusalCauses:
        """The refusals with fewer sessions open than the limit, which must be known."""
        assert self.manifest.limit is not None
        return explain_refusals(self.log, self.occupancy, self.manifest.limit)

    @cached_property
    def occupancy(self) -> Occupancy:
        """Between how many and how many slots were held at each refusal."""
        return build_occupancy(self.log)


def numbers(sessions: pd.DataFrame | Sequence[int]) -> tuple[int, ...]:
    """The first of our numbers of `sessions`, in their order."""
    column = sessions["session"] if isinstance(sessions, pd.DataFrame) else sessions
    return tuple(int(number) for number in list(column)[:MOST_SESSIONS])


def span(low: pd.Series, high: pd.Series) -> tuple[float, float] | None:
    """The interval from the first of `low` to the last of `high`; None where nothing is known."""
    first, last = low.min(), high.max()
    return None if pd.isna(first) or pd.isna(last) else (float(first), float(max(first, last)))
