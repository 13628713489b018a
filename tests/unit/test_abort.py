"""The judge of a run that goes on, in virtual time."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.model.api.answer import Answer, Outcome, Reason
from loadtests.model.api.operation import Operation
from loadtests.model.gates.abort import Abort
from loadtests.model.gates.counts import Counts, together
from loadtests.model.gates.figure import GROWING
from loadtests.model.gates.gates import parse_gate
from loadtests.model.session.session import Session
from loadtests.model.session.steps import Call
from loadtests.run.counters import Counters
from loadtests.run.snapshot import ProcessSnapshot


def aborted_at(gate: str, *hits: float, until: int = 200) -> int | None:
    """The second in which a run with concurrency hits at these times is ended by `gate`; None: it is not."""
    judge = Abort([parse_gate(gate)])
    for second in range(until):
        if judge.broken(second, Counts(hits=sum(t <= second for t in hits))):
            return second
    return None


@pytest.mark.parametrize(
    ("gate", "hits", "second"),
    [
        ("concurrency_hits.count == 0 abort", (), None),
        ("concurrency_hits.count == 0 abort", (10.5,), 11),
        ("concurrency_hits.count == 1 abort", (), None),
        ("concurrency_hits.count == 1 abort", (10.5,), None),
        ("concurrency_hits.count == 1 abort", (10.5, 20.5), 21),
        ("concurrency_hits.count < 2 abort", (10.5, 20.5), 21),
        ("concurrency_hits.count <= 2 abort", (10.5, 20.5), None),
        ("concurrency_hits.count == 0 abort after 30s", (10.5,), 30),
        ("concurrency_hits.count == 0 abort after 30s", (40.5,), 41),
        ("concurrency_hits.count == 0 after 30s abort", (10.5,), None),
        ("concurrency_hits.count == 0 after 30s abort", (10.5, 31.5), 32),
        ("concurrency_hits.count == 0 after 30s abort after 1m", (10.5, 31.5), 60),
        ("concurrency_hits.count == 0", (10.5,), None),
    ],
)
def test_when_a_run_is_aborted(gate: str, hits: tuple[float, ...], second: int | None) -> None:
    """As soon as the gate has failed for good, but not before its grace is over."""
    assert aborted_at(gate, *hits) == second


def test_the_longest_stall_of_a_window_is_one_within_it() -> None:
    """A stall before the window is none of it, and what does not outdo that is not known to be."""
    judge = Abort([parse_gate("generator.longest_stall < 1s after 30s abort")])
    assert judge.broken(20, Counts(longest_stall=2.0)) is None
    assert judge.broken(31, Counts(longest_stall=2.0)) is None
    assert judge.broken(40, Counts(longest_stall=2.5)) is not None


@given(
    hits=st.lists(st.floats(0, 100), max_size=6),
    begin=st.integers(0, 60),
    grace=st.integers(0, 60),
    bound=st.integers(0, 4),
    comparison=st.sampled_from(["==", "<", "<="]),
)
def test_no_run_is_aborted_that_could_still_pass(
    hits: list[float], begin: int, grace: int, bound: int, comparison: str
) -> None:
    """Whatever happens later: the figure of the whole window, hits to come included, fails the gate."""
    window = f" after {begin}s" if begin else ""
    gate = parse_gate(f"concurrency_hits.count {comparison} {bound}{window} abort after {grace}s")
    second = aborted_at(gate.text, *hits)
    if second is not None:
        assert second >= max(begin, grace)
        assert not gate.holds(sum(t >= begin for t in hits))


def test_every_figure_that_may_abort_is_counted() -> None:
    """By the name that gates know it by."""
    counts = Counts(1, 2, 3, 4, 5.0)
    assert sorted(counts.of(figure) for figure in GROWING) == [1, 2, 3, 4, 5]


def test_counts_of_processes_add_up_and_travel() -> None:
    """But the longest stall, which is the longest of any."""
    assert together([Counts(1, 1, 1, 1, 0.5), Counts(2, 1, 0, 3, 0.25)]) == Counts(3, 2, 1, 4, 0.5)
    assert together([]) == Counts()
    pulse = ProcessSnapshot(1.0, counts=Counts(hits=3))
    assert msgspec.convert(msgspec.to_builtins(pulse), ProcessSnapshot) == pulse


def _new(tally: Counters, session: Session, reason: Reason) -> None:
    outcome = Outcome.FAIL if reason else Outcome.OK
    tally.on_answer(Call(session, Operation.NEW, 1.0), Answer(outcome, reason, 1.0, 1.1), 0)


def test_first_attempts_are_told_from_later_ones() -> None:
    """Refused twice, let in; another refused for its rate, then for the limit: three hits, one of them a first attempt."""
    tally, first, second = Counters(), Session(1, "p", 30.0), Session(2, "p", 30.0)
    for session, reason in (
        (first, Reason.CONCURRENCY),
        (second, Reason.RATE),
        (first, Reason.CONCURRENCY),
        (second, Reason.CONCURRENCY),
        (first, Reason.NONE),
    ):
        _new(tally, session, reason)
    assert (tally.counts.hits, tally.counts.first_hits, tally.opened) == (3, 1, 1)


def test_keep_alives_that_failed_are_counted() -> None:
    """Refused or without an answer; not those that were never sent."""
    tally, session = Counters(), Session(1, "p", 30.0)
    for outcome in (Outcome.OK, Outcome.FAIL, Outcome.UNKNOWN, Outcome.WITHHELD):
        tally.on_answer(Call(session, Operation.KEEP_ALIVE, 1.0), Answer(outcome, Reason.NONE, 1.0, 1.1), 0)
    assert tally.counts.keep_alives_failed == 2


@pytest.mark.parametrize(
    ("at", "way", "cap", "lost"),
    [(31.0, "", 0.0, 1), (25.0, "", 0.0, 0), (31.0, "abandon", 0.0, 0), (31.0, "", 35.0, 0), (31.0, "", 600.0, 1)],
)
def test_a_session_lost_to_idleness_is_one_that_was_due(at: float, way: str, cap: float, lost: int) -> None:
    """Opened at 1 s, idle timeout 30 s: gone when it was due, while the person was there, and far from its cap."""
    tally, session = Counters(), Session(1, "p", 30.0)
    session.record_send(Operation.NEW)
    session.record_answer(Operation.NEW, Answer(Outcome.OK, Reason.NONE, 1.0, 1.0, value=cap, session_id="s"))
    if way:
        session.leave(way)
    session.record_end()
    tally.on_close(session, at)
    assert tally.counts.lost_to_idle == lost
