"""What the Sessions page says of a run so far: moments, extremes and gates."""

from __future__ import annotations

from loadtests.engine.occupancy import Leak
from loadtests.model.gates.counts import Counts
from loadtests.model.gates.gates import parse_gate
from loadtests.webui.extremes import Extremes
from loadtests.webui.frame import Frame
from loadtests.webui.gate_status import GateStatus, GateStatuses
from loadtests.webui.moments import MOST_MOMENTS, Moment, Moments


def _leak(due: float) -> Leak:
    return Leak(1, "leaky", "crash", "x", due)


def test_moments_are_found_once_and_in_order() -> None:
    """Stages, and the first of each other kind; not again when the same comes back."""
    moments = Moments(limit=3, tolerance=1.0, slack=2.0)
    for frame in (
        Frame(1.0, stage="calm"),
        Frame(2.0, stage="calm", leaks=1, held=2, others=1),
        Frame(3.0, stage="leaky", leaks=1, hits=1, held=3, due=[_leak(2.0)]),
        Frame(4.5, stage="leaky", hits=2, due=[_leak(2.0)], delay=1.5),
        Frame(5.0, stage="calm", hits=9, leaks=3, held=3, delay=9.0),
    ):
        moments.add(frame)
    assert [(moment.kind, moment.t) for moment in moments.found] == [
        *(
            ("stage", 1.0),
            ("leak", 2.0),
            ("full", 2.0),
            ("stage", 3.0),
            ("refusal", 3.0),
            ("overdue", 4.5),
            ("stall", 4.5),
        ),
    ]
    assert moments.found[-1].said == "Load generator stalled for 1.5 s"


def test_an_account_without_a_limit_is_never_full_and_moments_are_bounded() -> None:
    """A scenario of a thousand stages does not make each second's message ever longer."""
    moments = Moments(limit=None, tolerance=1.0, slack=1.0)
    for number in range(2 * MOST_MOMENTS):
        moments.add(Frame(float(number), stage=str(number), held=1000))
    assert (len(moments.found), {moment.kind for moment in moments.found}) == (MOST_MOMENTS, {"stage"})


def test_the_worst_so_far_stays_when_the_present_is_better() -> None:
    """And a second without a keep-alive, or without a full account, says nothing against it."""
    extremes = Extremes(limit=5)
    frames = [
        Frame(1.0, margin=4.0, late=0.01, delay=0.0, held=4, others=1),
        Frame(2.0, margin=-1.0, late=0.5, delay=0.3, held=5),
        Frame(3.0, margin=None, late=None, delay=0.0, held=4),
        Frame(4.0, margin=9.0, late=0.02, delay=0.1, held=6),
    ]
    for frame in frames:
        extremes.complete(frame)
    assert [frame.margin_worst for frame in frames] == [4.0, -1.0, -1.0, -1.0]
    assert [frame.late_worst for frame in frames] == [0.01, 0.5, 0.5, 0.5]
    assert [frame.delay_worst for frame in frames] == [0.0, 0.3, 0.3, 0.3]
    assert [frame.full_since for frame in frames] == [1.0, 1.0, None, 4.0]


def test_gates_on_counts_are_known_each_second_and_the_others_by_a_report() -> None:
    """By the report's figures, not by its result, which is unknown before the end; figures of the end are left open."""
    texts = (
        *("concurrency_hits.count < 2", "concurrency_hits.count < 2 after 1m", "keep_alive.margin.p1 > 5s"),
        *("generator.longest_stall < 1s", "concurrency_hits.first_attempts < 1%", "latency.task.p95 drift < 10%/h"),
        *("sessions.fates.unobserved == 0", "finding(ghost-sessions) absent"),
    )
    statuses = GateStatuses([parse_gate(text) for text in texts])
    assert {status.result for status in statuses.all} == {"open"}
    statuses.count(Counts(hits=1, longest_stall=0.25), 9.0)
    unknown = {"result": "unknown", "interval": None}
    statuses.report(
        [
            {**unknown, "gate": texts[0], "value": 9.0},
            {**unknown, "gate": texts[2], "value": 2.0},
            {**unknown, "gate": texts[4], "value": None, "shown": "not measured"},
            {**unknown, "gate": texts[5], "value": 0.02, "interval": [-0.2, 0.3]},
            {**unknown, "gate": texts[6], "result": "fail", "value": 20.0},
            {"gate": "another run's"},
        ],
        8.0,
    )
    assert statuses.all == [
        GateStatus(texts[0], "holds", "1", 9.0),
        GateStatus(texts[1]),
        GateStatus(texts[2], "fails", "2 s", 8.0),
        GateStatus(texts[3], "holds", "250 ms", 9.0),
        GateStatus(texts[4], "unknown", "not measured", 8.0),
        GateStatus(texts[5], "unknown", "+2.0 % an hour, not certain enough", 8.0),
        GateStatus(texts[6], "open", "known at the end of the run"),
        GateStatus(texts[7], "open", "known at the end of the run"),
    ]
    assert statuses.failed == []
    statuses.count(Counts(hits=2), 10.0)
    assert [status.gate for status in statuses.failed] == [texts[0]]


def test_a_moment_of_one_key_is_added_once() -> None:
    """A gate that fails each second is one event."""
    moments = Moments(None, 1.0, 1.0)
    for t in (1.0, 2.0):
        moments.once("gate a", Moment("gate", t, "a"))
    assert [moment.t for moment in moments.found] == [1.0]
