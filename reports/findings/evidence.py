"""What checkers may look at: the log, in SQL, and the tables and figures that the rest of the report has made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from loadtests.model.run.manifest import Manifest
from reports.analysis.counterfactual import Counterfactual, build_counterfactual
from reports.analysis.effects import Effect, build_effects
from reports.analysis.generator import GeneratorHealth, build_generator
from reports.analysis.ghosts import unresolved
from reports.analysis.hits import Hits, build_hits
from reports.analysis.keepalive import KeepAlives, build_keep_alives
from reports.analysis.leaks import LeakCosts, build_leak_costs
from reports.analysis.percentiles import Percentiles
from reports.analysis.sessions import build_sessions
from reports.analysis.slots import Slots, build_slots
from reports.analysis.timings import CallTimings, build_timings
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
    timings: CallTimings
    looks: int
    """Looks at the API's list that succeeded."""
    unresolved: int
    slots: Slots
    counterfactual: Counterfactual
    leak_costs: LeakCosts

    @property
    def manifest(self) -> Manifest:
        """The run's."""
        return self.log.manifest

    @property
    def calls(self) -> Mapping[str, Percentiles]:
        """Latency from the send, by call."""
        return self.timings.latency

    @property
    def peak(self) -> int:
        """The most slots held at once."""
        return self.slots.peak

    @property
    def slot_seconds(self) -> Mapping[str, float]:
        """By holder."""
        return self.slots.seconds

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
    def effects(self) -> tuple[Effect, ...]:
        """What came of the calls that were sent."""
        return build_effects(self.log)

    @cached_property
    def failures(self) -> Failures:
        """Answers that were none, and refusals, by call and reason."""
        return build_failures(self.effects)

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


_LOOKS = "SELECT count(*) AS n FROM events WHERE kind = 'list' AND outcome = 'ok'"


def gather_evidence(log: EventLog) -> Evidence:
    """Returns the figures that every log has; creates the tables that `Evidence` names."""
    log_end = float(log.row("SELECT max(t + latency) / 1e9 AS t FROM events")["t"] or 0.0)
    # The fates of sessions take one core; the timings of calls do not depend on them.
    with log.second_connection() as other, ThreadPoolExecutor(1) as thread:
        calling = thread.submit(build_timings, other)
        sessions = build_sessions(log)
        timings = calling.result()
    slots, hits = build_slots(log, log_end), build_hits(log)
    counterfactual = build_counterfactual(log, log_end)
    return Evidence(
        log=log,
        log_end=log_end,
        sessions=sessions,
        hits=hits,
        keep_alives=build_keep_alives(log, timings, log_end),
        generator=build_generator(log, timings, log_end),
        timings=timings,
        looks=int(log.row(_LOOKS)["n"] or 0),
        unresolved=unresolved(log, sessions),
        slots=slots,
        counterfactual=counterfactual,
        leak_costs=build_leak_costs(log, hits, counterfactual),
    )


def numbers(sessions: pd.DataFrame | Sequence[int]) -> tuple[int, ...]:
    """The first of our numbers of `sessions`, in their order."""
    column = sessions["session"] if isinstance(sessions, pd.DataFrame) else sessions
    return tuple(int(number) for number in column[:MOST_SESSIONS])


def span(low: pd.Series, high: pd.Series) -> tuple[float, float] | None:
    """The interval from the first of `low` to the last of `high`; None where nothing is known."""
    first, last = low.min(), high.max()
    return None if pd.isna(first) or pd.isna(last) else (float(first), float(max(first, last)))
