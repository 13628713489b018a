"""The types of summary.json, from which its JSON Schema is built (`streamsoak report --schema`).

It grows but does not break: new keys may be added, and readers must ignore them; none is removed or changes its meaning without
another `schema_version`.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from reports.findings.finding import Confidence, Owner, Severity
from reports.verdict.verdict import Result

Count = int
SchemaDocument = dict[str, Any]


class _Part(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class Distribution(_Part):
    """Seconds; null where nothing was measured. Percentiles are values that occurred."""

    n: Count
    """Values."""
    min: float | None
    p1: float | None
    p5: float | None
    p50: float | None
    p95: float | None
    p99: float | None
    max: float | None


class Sessions(_Part):
    """The sessions of the run."""

    opened: Count
    """Acknowledged sessions, and ghosts that the list confirmed: the sum over `fates`."""
    unresolved: Count
    """Lost answers to `new` of which it is unknown whether they opened a session."""
    lost_to_idle: Count
    """Reaped while in use."""
    leaked: Count
    lost_answers: Count
    """Sessions known from the list only: the answer to their `new` was lost."""
    ghosts: Count
    peak: Count
    """Maximum at the same time."""
    fates: dict[str, Count]
    """By cause of the end."""


class WithoutLeaks(_Part):
    """First attempts that would have been refused without the leaks; null: unknown."""

    first_attempts: Count | None
    """Null, too, where a replay with the leaks does not refuse whom the run refused."""
    measured: Count
    replayed: Count | None
    same: Count | None
    until: float | None
    unknown: str | None
    caused: Count | None
    """Refused first attempts that the leaks caused."""
    agreement: float | None
    is_near: bool | None


class EpisodeSchema(_Part):
    """An episode of hits."""

    low: float
    """Its first and its last hit, in seconds of the run."""
    high: float
    hits: Count
    first_attempts: Count


class ConcurrencyHits(_Part):
    """Refusals of the account's limit."""

    count: Count
    """Refused attempts."""
    first_attempts: Count
    """Refused first attempts."""
    first_attempt_share: float | None
    """Of all first attempts."""
    persons_lost: Count
    held_by: dict[str, float]
    """Mean share of each holder at the hits; empty without any."""
    other_refusals: dict[str, Count]
    """Refusals of `new` that are no hits, by reason."""
    slots: dict[str, float]
    """Mean slots of each holder at the hits; empty without any."""
    worst_episode: EpisodeSchema | None
    """The episode with the most hits; null: there were none."""
    without_leaks: WithoutLeaks


class LeakSchema(_Part):
    """One leak and its cost."""

    session: int
    profile: str
    way: str
    fate: str
    slot_seconds: float
    """For which it held its slot after its user had left."""
    hits: Count
    """Refused attempts at which it held a slot."""
    refusals: float | None
    """Its part of the refused first attempts that leaks caused; null: unknown."""


class PrioritySchema(_Part):
    """One thing to fix, and what it cost."""

    finding: str
    severity: Severity
    advice: str
    cost: str
    """As text; empty: no refusal that can be counted."""
    share: float
    """Of the refusals that it caused."""


class KeepAlivesSchema(_Part):
    """Keep-alives sent, and whether they were in time."""

    count: Count
    """Sent."""
    acknowledged: Count
    failed: Count
    """Sent, and not acknowledged."""
    lateness: Distribution
    margin: Distribution


class CallsSchema(_Part):
    """The calls of one kind. The rest failed for other reasons."""

    sent: Count
    ok: Count
    refused: Count
    """By the API's rules: the limit, a closed session."""
    unanswered: Count
    """Whether they had an effect is unknown."""


class MemorySchema(_Part):
    """Bytes held by all processes of the load together; null: not measured, as in virtual time."""

    first: Count | None
    last: Count | None
    peak: Count | None


class GeneratorSchema(_Part):
    """The health of the load generator."""

    requests: Count
    requests_per_second: float
    loop_delay: Distribution
    connection_wait: Distribution
    longest_stall: float
    """Of the engine's loop, in seconds."""
    memory: MemorySchema
    doubts: list[str]
    """Why the run's figures cannot be trusted; empty if they can."""


class FindingSchema(_Part):
    """One finding."""

    name: str
    severity: Severity
    owner: Owner
    confidence: Confidence
    said: str
    advice: str
    sessions: list[int]
    """Numbers of the sessions concerned, at most 100."""
    interval: tuple[float, float] | None
    """Its start and end, in seconds of the run."""


class GateSchema(_Part):
    """A gate with its result."""

    gate: str
    result: Result
    value: float | None
    """In the figure's unit: seconds, a share of 1 or a count; a drift is a share an hour. Null: not measured."""
    shown: str
    """The value as text, or why there is none."""
    span: tuple[float, float] | None
    """The part of the run that decided, in seconds of the run; null: the whole run."""
    distance: float | None
    """The value less the gate's bound, in the value's unit; null: not measured."""
    interval: tuple[float | None, float | None] | None
    """Bounds of the value, for a drift those of its 95 % interval. Null: the value is exact; null within it: no bound."""


class ApiSchema(_Part):
    """The description of the API that the run used."""

    name: str
    limits: list[str]
    """What users could not do, or the run could not know, because the API lacks a call: a sentence each."""


class Summary(_Part):
    """summary.json: a run's figures and its verdict. More keys may come."""

    schema_version: Literal[1]
    run: str
    verdict: Result
    sentence: str
    """The verdict and its reason, as text."""
    scenario: str | None
    api: ApiSchema
    seed: int
    limit: int | None
    """The account's advertised limit."""
    started: str
    """ISO 8601, UTC."""
    duration: float
    """Seconds from the run's start to the log's end."""
    end_reason: str
    """Why the run ended; "" if it was cut off."""
    sessions: Sessions
    concurrency_hits: ConcurrencyHits
    leaks: list[LeakSchema]
    """The ten costliest leaks."""
    cause: str
    """What caused the refusals, as text."""
    fix_first: list[PrioritySchema]
    """At most three, the costliest first."""
    withheld: Count
    """Attempts that streamsoak's own guard did not send."""
    calls: dict[str, CallsSchema]
    """What became of the calls, by kind."""
    slot_seconds: dict[str, float]
    """By holder."""
    keep_alive: KeepAlivesSchema
    latency: dict[str, Distribution]
    """By call, from the send."""
    latency_from_intended: dict[str, Distribution]
    """By call, from its intended time."""
    generator: GeneratorSchema
    findings: list[FindingSchema]
    """The worst first."""
    checks: dict[str, Result]
    """The result of each check; fail: it found something."""
    checks_unknown: dict[str, str]
    """Of inconclusive checks: why."""
    gates: list[GateSchema]
    audit: dict[str, Any] = Field(default={})
    """Of `streamsoak audit` and `streamsoak record` only: what the client did, session by session."""
    watch: dict[str, Any] = Field(default={})
    """Of `streamsoak watch` only: what the list showed of the account."""
    recording: dict[str, Any] = Field(default={})
    """Of `streamsoak record` only: `open` sessions, `missing_calls`, and what was opened and ended in each of its `hours`."""


def schema() -> SchemaDocument:
    """The JSON Schema of summary.json (draft 2020-12)."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Summary.model_json_schema()}
