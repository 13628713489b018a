"""Idle timeouts and intervals of keep-alives, what becomes of the page, and how many sessions outlive it in virtual time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from loadtests.model.api.answer import GONE
from loadtests.model.log.record import Row
from loadtests.model.run.plan import LoadPlan
from loadtests.model.session.ending import DrainBounds
from loadtests.model.session.steps import NoteKind
from loadtests.scenarios.catalogue import named_scenario
from loadtests.simulation.simulator import Simulator

SCENARIO = Path(__file__).with_name("scenario.toml")
SEED = 1


@dataclass(frozen=True)
class Setting:
    """What a client asks for, and how often it sends keep-alives; in seconds."""

    idle_timeout: int
    every: int
    source: str


SETTINGS = (
    Setting(30, 15, "the shortest timeout, at half of it"),
    Setting(30, 20, "the shortest timeout"),
    Setting(60, 20, "real-time"),
    Setting(60, 60, "real-time, with the example's 60 s"),
    Setting(90, 30, "real-time"),
    Setting(120, 40, "the default timeout, at a third of it"),
    Setting(120, 60, "the example: createSession(120), a keep-alive every 60 s"),
    Setting(300, 60, "reading, with the example's 60 s"),
    Setting(300, 150, "reading, at half of it"),
    Setting(1800, 60, "the longest for reading, with the example's 60 s"),
)
"""The vendor's advice ("Session Management Best Practices"): 30 to 120 s for real-time, 300 to 1800 s for reading, default 120 s;
in its example a keep-alive every 60 s."""


@dataclass(frozen=True)
class Absence:
    """What becomes of the page, and for how many seconds."""

    name: str
    hidden: float
    asleep: float
    seconds: int


ABSENCES = (
    Absence("in front, 10 min", 0.0, 0.0, 600),
    Absence("hidden for 4 min", 1.0, 0.0, 240),
    Absence("hidden for 10 min", 1.0, 0.0, 600),
    Absence("asleep for 4 min", 0.0, 1.0, 240),
)


class Absences:
    """A log that counts who was away, and who then found their session closed."""

    def __init__(self) -> None:
        self._away: set[int] = set()
        self._lost: set[int] = set()

    def append(self, row: Row) -> None:
        """Notes and refusals count."""
        if row.kind == NoteKind.RESUME:
            self._away.add(row.session)
        elif row.reason in GONE:
            self._lost.add(row.session)

    def flush_if_full(self) -> None:
        """Nothing is written."""

    flush = flush_if_full

    @property
    def survived(self) -> float:
        """The share of sessions that were open when their person was back."""
        return 1 - len(self._lost & self._away) / len(self._away)


def survived(setting: Setting, absence: Absence) -> float:
    """The share of sessions that outlive the absence."""
    changes = {
        "idle_timeout": f"{setting.idle_timeout}s",
        "session_length": f"{absence.seconds + 60}s",
        "quiet.length": f"{absence.seconds}s",
        "keep_alive.every": f"{setting.every}s",
        "page.hidden": f"{absence.hidden}",
        "page.asleep": f"{absence.asleep}",
    }
    scenario = named_scenario(str(SCENARIO), {f"profiles.background-tab.{key}": text for key, text in changes.items()})
    log = Absences()
    simulator = Simulator(LoadPlan(scenario), None, SEED, log)
    simulator.run(scenario.duration, DrainBounds(0.0, scenario.tolerance, 0.0, scenario.timeout))
    return log.survived
