"""`streamsoak inspect`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from loadtests.model.text.units import format_size

if TYPE_CHECKING:
    from rich.table import Table

    from loadtests.model.run.plan import LoadPlan
    from loadtests.model.run.scenario import Load, Scenario
    from loadtests.simulation.forecast import Forecast

HELP = "The plan before the run: stages, arrivals, live sessions, requests, session-minutes, refusals to expect."


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("scenario", metavar="SCENARIO", help="a scenario's name or file")
    parser.add_argument("--limit", type=int, metavar="N", help="the account's limit (default: the scenario's)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="change a value of the scenario (repeatable)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print it."""
    from rich.console import Console

    from loadtests.cli.simulate import changes_of
    from loadtests.model.run.plan import LoadPlan
    from loadtests.scenarios.catalogue import named_scenario
    from loadtests.simulation.forecast import forecast

    scenario = named_scenario(arguments.scenario, changes_of(arguments.set))
    plan = LoadPlan(scenario)
    limit = arguments.limit if arguments.limit is not None else scenario.limit
    console = Console()
    console.print(_stages(plan))
    expected = forecast(plan, limit, scenario.duration)
    console.print(_course(expected))
    for line in _totals(expected, limit, scenario):
        console.print(line)
    return 0


def _stages(plan: LoadPlan) -> Table:
    from rich.table import Table

    from loadtests.model.text.units import format_duration

    names = list(plan.scenario.profiles)
    table = Table("stage", "from", "lasts", *names, title=plan.scenario.name, title_justify="left")
    start = 0.0
    for stage in plan.scenario.stages:
        loads = [_load(stage.load.get(name)) for name in names]
        table.add_row(stage.name or "–", format_duration(start) or "0 s", format_duration(stage.duration), *loads)
        start += stage.duration
    return table


def _load(load: Load | None) -> str:
    if load is None:
        return "–"
    return f"{load.amount * 60:g}/min" if load.is_rate else f"{load.amount:g} persons"


def _course(expected: Forecast) -> Table:
    from rich.table import Table

    table = Table("second", "live sessions", "requests/s", "keep-alives/s", title="Expected", title_justify="left")
    cells = len(expected.seconds)
    for cell in range(cells // 20, cells, cells // 10):
        figures = (expected.live[cell], expected.requests[cell], expected.keep_alives[cell])
        table.add_row(f"{expected.seconds[cell]:.0f}", *(f"{figure:.1f}" for figure in figures))
    return table


def _totals(expected: Forecast, limit: int | None, scenario: Scenario) -> Iterator[str]:
    from loadtests.recording.disk import DiskNeed

    live, at = expected.peak(expected.live)
    busiest, when = expected.peak(expected.requests)
    yield f"{expected.arrivals:.0f} sessions asked for; {expected.session_minutes:.1f} session-minutes"
    if scenario.price_per_minute is not None:
        price = expected.session_minutes * scenario.price_per_minute
        yield f"about {price:.2f} at {scenario.price_per_minute:g} a session-minute"
    against = f" against a limit of {limit}" if limit else ", with no limit given"
    yield f"highest need: {live:.0f} sessions at second {at:.0f}{against}; {busiest:.1f} requests a second at second {when:.0f}"
    need = DiskNeed.of(expected.events, expected.arrivals)
    more = f"{format_size(need.report)} more for its report"
    yield f"{expected.events:.0f} events: {format_size(need.running)} on disk while it runs, {more}"
    if limit:
        share = expected.refused / expected.arrivals if expected.arrivals else 0.0
        yield f"refusals to expect: about {expected.refused:.0f} first attempts ({share:.0%}), roughly"
