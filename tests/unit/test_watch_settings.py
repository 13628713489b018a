"""The arguments of `streamsoak watch`: what they mean, and mistakes in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.cli.__main__ import build_parser, main
from loadtests.cli.watch_settings import open_threshold, watch_settings
from loadtests.model.text.input_error import EXIT_MISTAKE

_HERE = "http://127.0.0.1:1"


def test_the_settings_are_those_of_the_options() -> None:
    """A percentage of the limit is rounded up; one look is a duration of 0."""
    options = (
        "--limit 15 --every 30s --budget 99 --idle 2m --cap 1h --once --alert-open 90% --alert-age 1h --alert-overdue 2"
    )
    settings = watch_settings(build_parser().parse_args(["watch", "--host", _HERE, *options.split()]))
    terms = settings.terms
    assert (settings.limit, settings.duration, settings.route.origin.url) == (15, 0.0, _HERE)
    assert (terms.every, terms.budget, terms.idle, terms.cap) == (30, 99, 120, 3600)
    assert (terms.alerts.open, terms.alerts.age, terms.alerts.overdue, terms.alerts.unreachable) == (14, 3600, 2, None)


@given(st.integers(1, 10_000), st.integers(1, 200))
def test_a_percentage_is_reached_by_whole_sessions(limit: int, percent: int) -> None:
    """The least number of sessions that is at least so many percent."""
    threshold = open_threshold(f"{percent}%", limit)
    assert 100 * threshold >= percent * limit > 100 * (threshold - 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--alert-open 90%", "--alert-open: 90% requires --limit: the account's concurrency limit"),
        ("--alert-open many", "--alert-open: must be a number of sessions, or for example 90% (is 'many')"),
        ("--alert-open 0", "--alert-open: must be a number of sessions, or for example 90% (is '0')"),
        ("--alert-open nan% --limit 5", "--alert-open: must be a number of sessions, or for example 90% (is 'nan%')"),
        ("--alert-open 1%2 --limit 5", "--alert-open: must be a number of sessions, or for example 90% (is '1%2')"),
        ("--alert-overdue 1", "--alert-overdue: requires --idle or --cap: the list does not say an idle timeout"),
        ("--alert-overdue 0 --idle 60", "--alert-overdue: must be 1 or more (is 0)"),
        ("--every 0.5", "--every: must be 1 s or more (is 500 ms)"),
        ("--budget 0", "--budget: must be 1 or more (is 0)"),
        ("--limit 0", "--limit: must be 1 or more (is 0)"),
        ("--for 0", "--for: must be more than 0 (is 0)"),
        ("--idle 0", "--idle: must be more than 0 (is 0)"),
        ("--on-alert true", "--on-alert: requires an alert: --alert-open, "),
        ("--on-alert= --alert-open 1", "--on-alert: must be a command or an http(s) URL (is empty)"),
        ("--on-alert http:// --alert-open 1", "--on-alert: must be an http(s) URL with a host"),
        ("--api d-id", "--api: d-id has no call that lists an account's sessions"),
        ("--metrics-port 70000", "--metrics-port: cannot listen on 127.0.0.1:70000"),
    ],
)
def test_mistakes(options: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line that names the option and what would be right; nothing is sent."""
    code = main(["watch", "--host", _HERE, "--for", "1s", *options.split()])
    said = capsys.readouterr()
    assert (code in (EXIT_MISTAKE, 69), message in said.err, said.out) == (True, True, ""), said


def test_another_machine_gets_no_request_without_a_key(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The address of the API's description is a real one."""
    for name in ("STREAMSOAK_API_KEY", "KONPRO_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    for arguments in (["watch", "--once"], ["sessions", "list"], ["sessions", "close", "some-id"]):
        assert main(arguments) == EXIT_MISTAKE
        assert "KONPRO_API_KEY: is required: the API key for https://api.konpro.ai" in capsys.readouterr().err
