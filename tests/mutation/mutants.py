"""The breaks: a file, one of its lines, what it becomes, and the tests that must fail."""

from __future__ import annotations

from dataclasses import dataclass

_RULES = "loadtests/model/api/rules.py"
_BEHAVIOUR = "loadtests/model/session/behaviour.py"
_KEEP_ALIVE = "loadtests/model/session/keepalive.py"
_DRAIN = "loadtests/model/session/ending.py"
_GATES = "loadtests/model/gates/gates.py"
_FATES = "reports/analysis/sessions.py"
_SWEEP = "loadtests/cleanup/sweep.py"
_TIMEOUT = "reports/plan/timeout.py"
_LEDGER = "loadtests/recording/ledger.py"


@dataclass(frozen=True)
class Mutant:
    """One break."""

    file: str
    old: str
    """The only line of the file with this text, without its indentation."""
    new: str
    tests: str
    """Arguments of pytest."""


MUTANTS = (
    # Rules: the limit, the instant at which idleness is due, the reset of the idle timer, the slot that lags.
    Mutant(
        _RULES,
        "if self.terms.limit is not None and len(self.open) + len(self._lagging) >= self.terms.limit:",
        "if self.terms.limit is not None and len(self.open) + len(self._lagging) > self.terms.limit:",
        "tests/unit/test_rules.py",
    ),
    Mutant(
        _RULES,
        "self._end(session, session.due, CloseCause.CAP if session.due >= session.until else CloseCause.IDLE)",
        "self._end(session, now, CloseCause.CAP if session.due >= session.until else CloseCause.IDLE)",
        "tests/unit/test_rules.py",
    ),
    Mutant(
        _RULES,
        "session.last, session.due = now, due if due < session.until else session.until",
        "session.last, session.due = now, due",
        "tests/unit/test_rules.py",
    ),
    # Behaviour: arrivals by thinning, retries, a crash, the grid of keep-alives.
    Mutant(
        _BEHAVIOUR,
        "if draw.uniform() * peak < rate(now):",
        "if draw.uniform() * peak > rate(now):",
        "tests/unit/test_behaviour.py",
    ),
    Mutant(
        _BEHAVIOUR,
        "if answer.outcome is not Outcome.FAIL or answer.reason not in FULL or attempt > profile.on_refusal.retries:",
        "if answer.outcome is not Outcome.FAIL or answer.reason not in FULL or attempt >= profile.on_refusal.retries:",
        "tests/unit/test_behaviour.py",
    ),
    Mutant(
        _KEEP_ALIVE,
        "self.tick = math.ceil((answered - self.began) / self.interval) - 1",
        "self.tick = math.floor((answered - self.began) / self.interval) - 1",
        "tests/unit/test_behaviour.py",
    ),
    # Hidden pages: the minute begins after the grace; one pause is no throttling.
    Mutant(
        "loadtests/model/people/page.py",
        "if at >= self._since + self._grace:",
        "if at < self._since + self._grace:",
        "tests/unit/test_page.py",
    ),
    Mutant("reports/analysis/throttling.py", "LEAST_MINUTES = 2", "LEAST_MINUTES = 1", "tests/unit/test_throttling.py"),
    # Drain: people still there are closed, stops are repeated, leaks are awaited.
    Mutant(
        _DRAIN,
        "present = [session for session in _open(view) if not session.way]",
        "present = [session for session in _open(view) if session.way]",
        "tests/unit/test_ending.py",
    ),
    Mutant(
        _DRAIN,
        "return leak.due[1] + bounds.tolerance + 3 * bounds.poll",
        "return leak.due[1] - bounds.tolerance",
        "tests/unit/test_ending.py",
    ),
    # Fates: early and late only outside of the tolerance, the cap, the people who were still there.
    Mutant(
        _FATES,
        "end_high < due_low - $tolerance AND NOT client_lost AND NOT shares_id AS is_early,",
        "end_high < due_low AND NOT client_lost AND NOT shares_id AS is_early,",
        "tests/golden/test_fates.py",
    ),
    Mutant(
        _FATES,
        "end_low > due_high + $tolerance AND NOT client_lost AND NOT shares_id AS is_late,",
        "end_low > due_high AND NOT client_lost AND NOT shares_id AS is_late,",
        "tests/golden/test_fates.py",
    ),
    Mutant(
        _FATES,
        "coalesce(end_high >= cap_low - $tolerance AND end_low <= cap_high + $tolerance, FALSE) AS may_be_capped,",
        "coalesce(end_high >= cap_low - $tolerance, FALSE) AS may_be_capped,",
        "tests/golden/test_fates.py",
    ),
    # Gates: percentages, an interval that contains the bound.
    Mutant(_GATES, "return figure, float(number) / 100", "return figure, float(number)", "tests/unit/test_gates.py"),
    Mutant(
        _GATES,
        'is_between = self.comparison in ("==", "!=") and low < self.bound < high',
        "is_between = False",
        "tests/unit/test_gates.py",
    ),
    # Sweep: what the list does not show, what may be another run's.
    Mutant(
        _SWEEP,
        "if listed is not None and session_id not in listed:",
        "if listed is not None and session_id in listed:",
        "tests/integration/test_sweep.py",
    ),
    Mutant(
        _SWEEP,
        "return began - _CLOCK_SLACK_SECONDS <= created <= latest + _CLOCK_SLACK_SECONDS",
        "return created <= latest + _CLOCK_SLACK_SECONDS",
        "tests/integration/test_sweep.py",
    ),
    # Plan: gaps as long as the timeout, keep-alives that may be lost.
    Mutant(
        _TIMEOUT, "lasting = gaps[gaps >= timeout]", "lasting = gaps[gaps < timeout]", "tests/unit/test_capacity.py"
    ),
    Mutant(
        _TIMEOUT,
        "return max(1.0, math.floor((timeout - slack) / (survives + 1) + 1e-9))",
        "return max(1.0, math.ceil((timeout - slack) / (survives + 1) + 1e-9))",
        "tests/unit/test_capacity.py",
    ),
    Mutant(
        "reports/plan/model.py",
        "spread = model.spread if question.leak_share else model.spread_without_leaks",
        "spread = model.spread_without_leaks",
        "tests/property/test_plan_model.py",
    ),
    Mutant(
        "reports/plan/model.py",
        "return load * sum(people * share**before for before, people in enumerate(attempts))",
        "return load",
        "tests/unit/test_capacity.py",
    ),
    Mutant(
        "reports/plan/prediction/held_slots.py",
        "while ends and ends[0] <= t:",
        "while ends and ends[0] < t:",
        "tests/property/test_plan_model.py",
    ),
    # Findings: a ghost is not a lingering session.
    Mutant("reports/findings/lingering_sessions.py", "NOT {IS_GHOST}", "TRUE", "tests/golden/test_findings.py"),
    # Counters: first attempts.
    Mutant(
        "loadtests/run/counters.py",
        "self.counts.first_hits += is_first",
        "self.counts.first_hits += 1",
        "tests/unit/test_abort.py tests/golden/test_windows.py",
    ),
    # Codec: a request that was not sent had no effect, one that was may have had.
    Mutant(
        "loadtests/http/codec.py",
        "outcome = Outcome.UNKNOWN if exchange.was_sent else Outcome.FAIL",
        "outcome = Outcome.FAIL",
        "tests/integration/test_engine.py",
    ),
    # HTTP: an address of this machine behind a proxy, bytes after an answer, an answer with two kinds of length.
    Mutant(
        "loadtests/http/route.py",
        "return self.proxy is None and self.origin.is_loopback",
        "return self.origin.is_loopback",
        "tests/integration/test_routes.py",
    ),
    Mutant(
        "loadtests/http/response_reader.py",
        "self.has_surplus = True",
        "self.has_surplus = False",
        "tests/integration/test_connection.py",
    ),
    Mutant(
        "loadtests/http/lenient_reader.py",
        "return self._connection.their_state is h11.DONE and not any(self._connection.trailing_data) and not ambiguous",
        "return self._connection.their_state is h11.DONE",
        "tests/integration/test_framings.py",
    ),
    # Ledger: a session that was found open again, the order in which ledgers have a say.
    Mutant(
        _LEDGER,
        "self.closed = (self.closed | other.closed) - other.open.keys()",
        "self.closed = self.closed | other.closed",
        "tests/unit/test_ledger.py",
    ),
    Mutant(
        _LEDGER,
        "return name == SWEEP_FILE, name == FILE, name",
        "return name == FILE, name == SWEEP_FILE, name",
        "tests/unit/test_ledger.py",
    ),
    # Keep-alives: jitter to both sides.
    Mutant(
        "loadtests/model/session/keepalive.py",
        "return self.interval * (1 + self.policy.jitter * (2 * self.draw.uniform() - 1))",
        "return self.interval * (1 + self.policy.jitter * self.draw.uniform())",
        "tests/unit/test_behaviour.py",
    ),
    # Recorder: a batch that is partly written is removed.
    Mutant(
        "loadtests/recording/recorder.py", "self._file.truncate(self._committed)", "pass", "tests/unit/test_recorder.py"
    ),
    # Causes of early ends: one that sessions outlived is none.
    Mutant(
        "reports/findings/causes.py",
        "return _outliving(log, fit) > MOST_OUTLIVED * fit.n",
        "return False",
        "tests/golden/test_findings.py",
    ),
    # The replay: sessions of others hold slots in it.
    Mutant(
        "reports/analysis/counterfactual.py",
        "FROM strangers",
        "FROM strangers WHERE FALSE",
        "tests/golden/test_figures.py",
    ),
    # The verdict: a gate of a doubtful run does not pass.
    Mutant(
        "reports/verdict/verdict.py",
        'return "unknown" if tainted else "pass"',
        'return "pass"',
        "tests/golden/test_figures.py tests/golden/test_windows.py",
    ),
    # Lost sessions leave the guard when they are due, and not before.
    Mutant(
        "loadtests/model/session/unanswered.py",
        "while self._due and self._due[0][0] + LOST_SECONDS < now:",
        "while self._due:",
        "tests/integration/test_engine.py",
    ),
    # Timers: other greenlets run between two batches.
    Mutant("loadtests/engine/timers.py", "if woken == _BATCH:", "if False:", "tests/unit/test_timers.py"),
    # Refusals: a lag that grants contradict is none.
    Mutant(
        "reports/findings/refusal_causes.py",
        "return self.explained >= EXPLAINS * n and self.contradicted <= MOST_CONTRADICTED * self.informative",
        "return self.explained >= EXPLAINS * n",
        "tests/golden/test_refusal_causes.py",
    ),
)
