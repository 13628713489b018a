"""The words for an API's calls: every advice of a finding can be said of every shipped API, in its own words."""

from __future__ import annotations

import re

import pytest

from loadtests.model.api.description.changes import ApiChanges
from loadtests.model.api.description.default import default_api
from loadtests.model.api.description.words import ApiWords
from loadtests.scenarios.catalogue import named_api

from ..integration.locust_run import ROOT

_ADVICE = "Call {keep_alive} before {idle_timeout} expires. Use a longer {idle_timeout} (up to {longest}). Send {stop}."
_FINDINGS = sorted((ROOT / "reports" / "findings").glob("*.py"))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (
            "konpro",
            "Call streaming.keep_alive before activity_idle_timeout expires. Use a longer activity_idle_timeout (up to 3599 s)."
            " Send streaming.stop.",
        ),
        (
            "liveavatar",
            "Call POST /v1/sessions/keep-alive before the idle timeout expires. Send POST /v1/sessions/stop.",
        ),
        ("d-id", "Send DELETE /talks/streams/{id}."),
        (
            "tavus",
            "Use a longer participant_left_timeout (up to 3600 s). Send POST /v2/conversations/{id}/end.",
        ),
    ],
)
def test_an_advice_names_the_apis_own_calls(name: str, says: str) -> None:
    """What the API does not offer is not advised."""
    assert ApiWords(named_api(name)).filled(_ADVICE) == says


def test_a_call_that_was_moved_loses_its_name() -> None:
    """A scenario's [api] with another path."""
    api = ApiChanges(stop="/v1/close").applied(default_api())
    assert ApiWords(api).filled("Send {stop}. Read {list}.") == "Send POST /v1/close. Read streaming.list."


def test_nothing_offered_is_said() -> None:
    """Rather than an empty advice."""
    assert ApiWords(named_api("d-id")).filled("Call {keep_alive} in time.") == "The API offers nothing against it."


def test_no_finding_names_a_call_of_one_api() -> None:
    """The texts have no words of the default API, and every word in braces is known."""
    known = ApiWords(default_api()).known
    for file in _FINDINGS:
        text = file.read_text(encoding="utf-8")
        assert not re.search(r'"[^"\n]*\b(?:streaming\.\w|activity_idle_timeout|3599)', text), file.name
        for advice in re.findall(r'(?m)^\s+"([^"\n]*\{[a-z_]+\}[^"\n]*)"', text):
            if file.name != "ways.py" or "{n}" not in advice:
                assert set(re.findall(r"\{([a-z_]+)\}", advice)) <= known, (file.name, advice)
