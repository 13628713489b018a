"""`streamsoak inspect`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from loadtests.cli.arguments import add_scenario, at_least, changes_of
from loadtests.model.text.units import format_clock, format_duration, format_size
from loadtests.model.text.wording import count, percent

if TYPE_CHECKING:
    from loadtests.cli.table import Table
    from loadtests.model.run.plan import LoadPlan
    from loadtests.model.run.scenario import Load, Scenario
    from loadtests.simulation.forecast import Forecast

HELP = "Print a scenario's plan and the expected sessions, requests, session-minutes, disk use and refusals."


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_scenario(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the plan and the forecast."""
    from loadtests.cli.table import open_console, print_table
    from loadtests.model.run.plan import LoadPlan
    from loadtests.scenarios.catalogue import named_scenario
    from loadtests.simulation.forecast import forecast

    scenario = named_scenario(arguments.scenario, changes_of(arguments.set))
    plan = LoadPlan(scenario)
    limit = arguments.limit if arguments.limit is not None else scenario.limit
    at_least(1, "--limit", limit)
    console = open_console()
    print_table(console, _stages(plan))
    expected = forecast(plan, limit, scenario.duration)
    print_table(console, _timeline(expected))
    for line in _totals(expected, limit, scenario):
        console.print(line, markup=False)
    return 0


def _stages(plan: LoadPlan) -> Table:
    from loadtests.cli.table import Table

    table = Table(("stage", "from", "lasts", "load"), f"Scenario {plan.scenario.name}")
    start = 0.0
    for stage in plan.scenario.stages:
        load = ", ".join(f"{name} {_load(load)}" for name, load in stage.load.items())
        table.add(stage.name or "–", format_clock(start), format_duration(stage.duration), load or "none")
        start += stage.duration
    return table


def _load(load: Load) -> str:
    return f"{load.amount * 60:g}/min" if load.is_rate else f"{load.amount:g} people"


def _timeline(expected: Forecast) -> Table:
    from loadtests.cli.table import Table

    table = Table(("time", "live sessions", "requests/s", "keep-alives/s"), "Expected")
    cells = len(expected.seconds)
    for cell in range(cells // 20, cells, cells // 10):
        # The mean of a tenth of the run.
        tenth = slice(cell - cells // 20, cell + cells // 20)
        figures = (expected.live[cell], expected.requests[tenth].mean(), expected.keep_alives[tenth].mean())
        table.add(format_clock(expected.seconds[cell]), *(f"{figure:,.1f}" for figure in figures))
    return table


def _totals(expected: Forecast, limit: int | None, scenario: Scenario) -> Iterator[str]:
    from loadtests.recording.disk import DiskNeed

    peak, at = expected.peak(expected.live)
    busiest, when = expected.peak_rate(expected.requests)
    yield f"attempts: {count(round(expected.arrivals), 'first attempt')}; {expected.session_minutes:,.1f} session-minutes"
    if scenario.price_per_minute is not None:
        price = expected.session_minutes * scenario.price_per_minute
        yield f"price: about {price:,.2f} at {scenario.price_per_minute:g} per session-minute"
    against = f"limit {limit:,}" if limit else "no limit given"
    yield f"peak demand: {count(round(peak), 'session')} at {format_clock(at)}, {against}"
    yield f"peak rate: {busiest:,.1f} requests/s at {format_clock(when)}"
    need = DiskNeed.of(expected.events, expected.arrivals)
    disk = f"{format_size(need.running)} during the run and {format_size(need.report)} for the report"
    yield f"disk: {disk} ({count(round(expected.events), 'event')})"
    if limit:
        share = expected.refused / expected.arrivals if expected.arrivals else 0.0
        yield f"refusals: roughly {count(round(expected.refused), 'first attempt')} ({percent(share)})"
