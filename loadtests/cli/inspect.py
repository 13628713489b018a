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
    from loadtests.model.run.scenario import Scenario
    from loadtests.simulation.forecast import Forecast

HELP = "Print a scenario's plan and the expected sessions, requests, session-minutes, disk use and refusals."


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_scenario(parser)
    parser.add_argument("--json", action="store_true", help="print the forecast as one line of JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the plan and the forecast."""
    from loadtests.model.run.plan import LoadPlan
    from loadtests.scenarios.catalogue import named_scenario
    from loadtests.simulation.forecast import forecast

    scenario = named_scenario(arguments.scenario, changes_of(arguments.set), arguments.api)
    limit = arguments.limit if arguments.limit is not None else scenario.limit
    at_least(1, "--limit", limit)
    plan = LoadPlan(scenario)
    expected = forecast(plan, limit, scenario.duration)
    if arguments.json:
        print(_as_json(expected, limit))
    else:
        _show(plan, expected, limit)
    return 0


def _as_json(expected: Forecast, limit: int | None) -> str:
    import msgspec

    peak, at = expected.peak(expected.live)
    figures = {
        "limit": limit,
        "seconds": [round(second, 2) for second in expected.seconds.tolist()],
        "live": [round(sessions, 2) for sessions in expected.live.tolist()],
        "peak": peak,
        "peak_at": at,
        "arrivals": expected.arrivals,
        "session_minutes": expected.session_minutes,
        "refused": expected.refused,
    }
    return msgspec.json.encode(figures).decode()


def _show(plan: LoadPlan, expected: Forecast, limit: int | None) -> None:
    from loadtests.cli.table import open_console, print_table
    from loadtests.model.run.adaptation import limits_of

    console = open_console()
    print_table(console, _stages(plan))
    print_table(console, _timeline(expected))
    for line in (*_totals(expected, limit, plan.scenario), *limits_of(plan.scenario.description)):
        console.print(line, markup=False)


def _stages(plan: LoadPlan) -> Table:
    from loadtests.cli.table import Table

    table = Table(("stage", "from", "lasts", "load"), f"Scenario {plan.scenario.name}")
    start = 0.0
    for stage in plan.scenario.stages:
        load = ", ".join(f"{name} {load}" for name, load in stage.load.items())
        table.add(stage.name or "–", format_clock(start), format_duration(stage.duration), load or "none")
        start += stage.duration
    return table


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
        yield f"refusals: roughly {count(round(expected.refused), 'first attempt')} ({percent(share)}){_retries(scenario)}"


def _retries(scenario: Scenario) -> str:
    """Says that retries are not counted, where there are some."""
    most = max((profile.on_refusal.retries for profile in scenario.profiles.values()), default=0)
    return f", without their retries, at most {most} each" if most else ""
