"""docs/web.md describes the JSON API field by field."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from loadtests.engine.occupancy import Leak, LeakEnd
from loadtests.webui.frame import Frame, ProfileFigures
from loadtests.webui.gate_status import GateStatus
from loadtests.webui.live import LiveState
from loadtests.webui.moments import Moment
from loadtests.webui.outcome import Outcome
from loadtests.webui.runs import FILES, PastRun
from loadtests.webui.start.cards import CardPeople, CardStage, ScenarioCard
from loadtests.webui.start.form import ApiOffer, StartForm, UserClass
from loadtests.webui.subcommand import SubcommandOutput

_DOCS = (Path(__file__).parents[2] / "docs" / "web.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "kind",
    [
        *(LiveState, Frame, ProfileFigures, Leak, LeakEnd, Moment, GateStatus),
        *(PastRun, Outcome, SubcommandOutput, StartForm, UserClass, ApiOffer, ScenarioCard, CardPeople, CardStage),
    ],
)
def test_every_field_is_described(kind: type[msgspec.Struct]) -> None:
    """Each field is named."""
    missing = [field for field in kind.__struct_fields__ if f"`{field}`" not in _DOCS]
    assert missing == []


def test_every_served_file_is_named() -> None:
    """docs/web.md names each file of a run that the web UI serves."""
    assert [name for name in FILES if f"`{name}`" not in _DOCS] == []
