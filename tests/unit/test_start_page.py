"""What the start page offers: cards of scenarios, and mistakes in the words of its form."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import loadtests.webui
from loadtests.cli.__main__ import main
from loadtests.model.run.scenario import load_scenario
from loadtests.model.text.input_error import InputError, Mistake
from loadtests.plugin.field_mistakes import FieldMistake, field_mistakes
from loadtests.plugin.option_table import FIELDS, IN_FORM
from loadtests.scenarios.catalogue import named_scenario
from loadtests.webui.start.cards import CardPeople, Cards, describe
from loadtests.webui.start.form import ApiOffer

_PAGE = (Path(loadtests.webui.__file__).parent / "pages" / "start.html").read_text(encoding="utf-8")


def test_a_card_says_what_a_scenario_does() -> None:
    """Length, limit, gates, the people with their largest load, and who leaks."""
    card = describe("demo", named_scenario("demo"))
    assert (card.duration, card.limit, len(card.gates), card.leaks) == (95.0, 20, 5, ["leaky"])
    loads = {people.profile: people.load for people in card.people}
    assert loads == {"interactive": "36/min", "leaky": "60/min", "quiet": "3 users"}
    assert [stage.name for stage in card.stages] == ["calm", "leaky clients", "recovery"]
    assert card.sandbox_only == ""


def test_a_card_says_what_the_api_would_refuse() -> None:
    """A scenario with shorter idle timeouts than the API's is for the sandbox."""
    card = describe("smoke", named_scenario("smoke"))
    assert "1 s to 59 min 59 s are for the sandbox: the API accepts 30 s to 59 min 59 s" in card.sandbox_only


def test_the_users_own_scenario_is_a_card_and_a_mistake_is_told_on_its_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others can be started all the same; a file that has been mended is read again."""
    monkeypatch.chdir(tmp_path)
    own = tmp_path / "own.toml"
    own.write_text("limit = -1\nstages = []\n", encoding="utf-8")
    cards = Cards("own.toml")
    by_name = {card.scenario: card for card in cards.all()}
    assert "limit" in by_name["own.toml"].mistake
    assert by_name["demo"].mistake == ""
    own.write_text('[[stages]]\nduration = "1m"\nload = { quiet = 1 }\n# mended\n', encoding="utf-8")
    mended = next(card for card in cards.all() if card.scenario == "own.toml")
    assert (mended.mistake, mended.duration) == ("", 60.0)
    assert mended.people == [CardPeople("quiet", mended.people[0].about, "1 user")]


def test_a_forecast_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    """With the figures that a card draws; the limit of the command line takes the place of the scenario's."""
    assert main(["inspect", "--json", "--limit=50", "--", "demo"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    figures = json.loads(line)
    assert (figures["limit"], len(figures["seconds"]), len(figures["live"])) == (50, 400, 400)
    assert figures["peak"] == pytest.approx(max(figures["live"]), abs=0.01)
    assert figures["refused"] < 1 < figures["arrivals"]


def test_mistakes_belong_to_fields_in_the_words_of_their_labels() -> None:
    """Options, hosts and scenario files each lead to a field; the rest stands above the button."""
    error = InputError(
        [
            Mistake("--max-open", "", "is required"),
            Mistake("https://api.example", "", "use --shared-account or --nonsense"),
            Mistake("profiles/own.toml", "limit", "must be 1 or more"),
            Mistake("--defect", "", "has no effect on --host"),
        ]
    )
    assert field_mistakes(error) == [
        FieldMistake("max_open", "is required"),
        FieldMistake("host", "use “Others use this account” or --nonsense"),
        FieldMistake("scenario", "profiles/own.toml: limit: must be 1 or more"),
        FieldMistake("", "--defect: has no effect on “Host”"),
    ]


def test_the_page_has_each_field_with_its_label_and_a_place_for_its_mistake() -> None:
    """A mistake quotes the label: it must stand on the page."""
    in_form = {option.removeprefix("--").replace("-", "_") for option in IN_FORM}
    assert in_form <= FIELDS.keys()
    words = re.sub(r"<[^>]+>", "|", _PAGE)
    for field in FIELDS.keys() - {"scenario", "load", "sandbox"}:
        assert f'id="error-{field}"' in _PAGE, field
        assert FIELDS[field] in words, field


def test_every_script_and_style_of_the_pages_is_served() -> None:
    """An import of a file that is not in the table of assets would leave the page dead."""
    from loadtests.webui.routes import ASSETS

    pages = Path(loadtests.webui.__file__).parent / "pages"
    assert ASSETS.keys() == {path.name for path in pages.iterdir() if path.suffix in (".js", ".css")}


def test_the_largest_load_of_a_profile_is_shown(tmp_path: Path) -> None:
    """Of all stages, as a scenario's file writes it."""
    file = tmp_path / "own.toml"
    file.write_text(
        '[[stages]]\nduration = "1m"\nload = { leaky = "0.5/min" }\n[[stages]]\nduration = "1m"\nload = { leaky = "2/s" }\n',
        encoding="utf-8",
    )
    folders = (Path(loadtests.webui.__file__).parents[2] / "profiles",)
    assert describe("own", load_scenario(file, folders)).people[0].load == "120/min"


def test_cards_are_of_the_api_under_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """The option's API takes the place of the scenario's; where its key comes from is told, the key is not."""
    for name in ("STREAMSOAK_API_KEY", "KONPRO_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LIVEAVATAR_API_KEY", "secret")
    apis = {
        option: next(card.api for card in Cards("", option).all() if card.scenario == "demo")
        for option in ("", "liveavatar")
    }
    assert apis == {
        "": ApiOffer("konpro", ["STREAMSOAK_API_KEY", "KONPRO_API_KEY"], has_key=False),
        "liveavatar": ApiOffer(
            "liveavatar", ["STREAMSOAK_API_KEY", "LIVEAVATAR_API_KEY", "KONPRO_API_KEY"], has_key=True
        ),
    }
