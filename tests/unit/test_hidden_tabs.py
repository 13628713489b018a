"""The table in docs/profiles.md is what virtual time shows."""

from __future__ import annotations

from ..hidden_tabs.settings import ABSENCES, SETTINGS, survived
from ..hidden_tabs.table import BEGINS, DOCUMENT, ENDS, rows


def test_the_table_of_the_documents_is_that_of_the_model() -> None:
    """`make hidden-tabs` writes it anew."""
    _, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGINS)
    assert rest.partition(ENDS)[0].strip().splitlines() == rows()


def test_a_hidden_tab_loses_a_timeout_of_a_minute_and_keeps_one_of_two() -> None:
    """Hidden for ten minutes, at keep-alives that hold each of them in front."""
    (hidden,) = [absence for absence in ABSENCES if absence.name == "hidden for 10 min"]
    kept = {
        setting.idle_timeout: survived(setting, hidden)
        for setting in SETTINGS
        if setting.every * 3 == setting.idle_timeout
    }
    assert kept == {60: 0.0, 90: 1.0, 120: 1.0}
