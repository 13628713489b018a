"""The scenarios as cards of the start page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gevent
import msgspec
from gevent.lock import BoundedSemaphore

from loadtests.model.run.idle_range import not_accepted
from loadtests.model.run.scenario import Scenario, find
from loadtests.model.text.input_error import InputError
from loadtests.scenarios.catalogue import folders, named_scenario, profile_files, scenario_files
from loadtests.webui.runs import modified
from loadtests.webui.start.form import ApiOffer
from loadtests.webui.subcommand import Subcommands

_MOST_FORECASTS = 100
"""Kept: one for each scenario and limit."""


class CardPeople(msgspec.Struct):
    """The people of one profile in a scenario."""

    profile: str
    about: str
    load: str
    """Their largest load: "36/min" (open model), or "3 people" (closed)."""


class CardStage(msgspec.Struct):
    """A stage of a scenario."""

    name: str
    duration: float
    """Seconds."""


class ScenarioCard(msgspec.Struct):
    """One scenario. With a `mistake`, the other fields are empty."""

    scenario: str
    """What the form's field `scenario` must contain: a name, or the path of a file."""
    name: str
    mistake: str = ""
    about: str = ""
    duration: float = 0.0
    """Seconds of load."""
    limit: int | None = None
    people: list[CardPeople] = []
    stages: list[CardStage] = []
    gates: list[str] = []
    leaks: list[str] = []
    """Profiles that leave sessions open: on a real account, this must be allowed."""
    api: ApiOffer | None = None
    """None: the scenario has a mistake."""
    sandbox_only: str = ""
    """Why the API itself would refuse the sessions; "": it would not."""


class Cards:
    """Reads scenarios, each again only when a file has changed, and forecasts them; all for one API."""

    def __init__(self, own: str, api: str = "") -> None:
        """`own`: value of --scenario, which may be a file outside of the catalogue; `api`: as --api, or "": the scenario's."""
        self._own = own
        self._api = api
        self._changed: tuple[Any, ...] = ()
        self._cards: list[ScenarioCard] = []
        self._forecasts: dict[tuple[str, int | None], bytes] = {}
        self._subcommands = Subcommands()
        self._forecasting = BoundedSemaphore()
        """Held while one is computed: two browsers that ask for the same cause one computation."""

    def all(self) -> list[ScenarioCard]:
        """Returns the catalogue's scenarios, and the user's own."""
        files = self._files()
        changed = tuple((file, modified(file)) for file in (*files.values(), *profile_files()))
        if changed != self._changed:
            self._cards = [self._card(scenario, file) for scenario, file in files.items()]
            self._changed, self._forecasts = changed, {}
        return self._cards

    def forecast(self, scenario: str, limit: int | None) -> bytes | str:
        """Returns the JSON of `streamsoak inspect --json`, or why there is none. Takes seconds in another process, once."""
        if scenario not in [card.scenario for card in self.all()]:
            return "There is no such scenario."
        key = scenario, limit
        with self._forecasting:
            if key in self._forecasts:
                return self._forecasts[key]
            options = [] if limit is None else [f"--limit={limit}"]
            options += [f"--api={self._api}"] if self._api else []
            # After "--", since a path may begin with a hyphen.
            output = self._subcommands.run(["inspect", "--json", *options, "--", scenario])
            if output.code:
                return output.said.strip()
            if len(self._forecasts) >= _MOST_FORECASTS:
                self._forecasts.clear()
            self._forecasts[key] = output.said.encode()
            return self._forecasts[key]

    def _files(self) -> dict[str, Path]:
        files = {file.stem: file for file in scenario_files()}
        own = find(self._own, tuple(folder / "scenarios" for folder in folders())) if self._own else None
        if own is not None and own.resolve() not in {file.resolve() for file in files.values()}:
            files = {self._own: own, **files}
        return files

    def _card(self, scenario: str, file: Path) -> ScenarioCard:
        # Other greenlets, which keep time, run between two files.
        gevent.sleep(0)
        try:
            return describe(scenario, named_scenario(str(file), api=self._api))
        except InputError as error:
            return ScenarioCard(scenario, file.stem, mistake=str(error))


def describe(text: str, scenario: Scenario) -> ScenarioCard:
    """Returns the card of `scenario`; `text` selects it in the form."""
    return ScenarioCard(
        text,
        scenario.name,
        about=scenario.about,
        duration=scenario.duration,
        limit=scenario.limit,
        people=list(_people(scenario)),
        stages=[CardStage(stage.name, stage.duration) for stage in scenario.stages],
        gates=[gate.text for gate in scenario.gates],
        leaks=sorted(name for name, profile in scenario.profiles.items() if profile.leaving.leaks),
        api=ApiOffer.of(scenario.description),
        sandbox_only=not_accepted(scenario),
    )


def _people(scenario: Scenario) -> Iterator[CardPeople]:
    for name, profile in scenario.profiles.items():
        loads = [stage.load[name] for stage in scenario.stages if name in stage.load]
        yield CardPeople(name, profile.about, str(max(loads, key=lambda load: load.amount)))
