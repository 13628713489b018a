"""Whether the API under test accepts the idle timeouts of a scenario. Pure."""

from __future__ import annotations

from loadtests.model.run.scenario import Scenario
from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import between


def not_accepted(scenario: Scenario) -> str:
    """Returns why the API itself, according to its description, would refuse the scenario's sessions; "": it would not."""
    accepted = scenario.description.idle_timeout
    if accepted.set_by == "api" or scenario.idle_range == accepted.range:
        return ""
    return (
        f"Its idle timeouts of {between(*scenario.idle_range, format_duration)} are for the sandbox:"
        f" the API accepts {between(*accepted.range, format_duration)}."
    )
