"""Writes the fitted load as a scenario: one stage for each hour if the hours differ by more than chance, otherwise one."""

from __future__ import annotations

from loadtests.model.text.wording import count
from reports.fit.fitting import Fit
from reports.fit.person import FittedPerson
from reports.fit.profile_file import number, profile_of, seconds

_LEAST_RATE = 1e-5


def scenario_text(fit: Fit, idle_range: tuple[float, float]) -> str:
    """Returns the file's text. `idle_range`: idle timeouts that the API accepts; the scenario has a wider one if people ask for
    others.
    """
    bounds = [profile_of(person, fit.logs).idle_timeout.bounds() for person in fit.people]
    low, high = min(low for low, _ in bounds), max(high for _, high in bounds)
    lines = [
        f'about = "Fitted by streamsoak fit to {count(len(fit.logs), "log")}."',
        *([f"limit = {fit.limit}"] if fit.limit else ["# limit = …: the account’s limit, which the log does not have"]),
    ]
    if low < idle_range[0] or high > idle_range[1]:
        lines += [f"idle_range = [{number(min(low, idle_range[0]))}, {number(max(high, idle_range[1]))}]"]
    arrivals, n = fit.arrivals, sum(person.arrivals.rate.n for person in fit.people)
    if arrivals.varies:
        lines += ["", f"# The hours differ by more than chance (p = {arrivals.p:.2g})."]
        for hour in arrivals.hours:
            loads = {
                person.name: person.arrivals.rate.n / max(n, 1) * hour.rate.value
                if len(fit.people) > 1
                else hour.rate.value
                for person in fit.people
            }
            loads |= {person.name: rate for person in fit.people if (rate := _of_hour(person, hour.hour)) is not None}
            lines += _stage(f"{hour.hour:02d}:00", 3600.0, loads, hour.rate.n)
    else:
        lines += _stage("load", fit.seconds, {person.name: person.arrivals.rate.value for person in fit.people}, n)
    return "\n".join(lines) + "\n"


def _of_hour(person: FittedPerson, hour: int) -> float | None:
    return next((each.rate.value for each in person.arrivals.hours if each.hour == hour), None)


def _stage(name: str, duration: float, loads: dict[str, float], n: int) -> list[str]:
    rates = ", ".join(f'{kind} = "{number(60 * max(rate, _LEAST_RATE))}/min"' for kind, rate in loads.items())
    return [
        "",
        "[[stages]]",
        f'name = "{name}"',
        f"duration = {seconds(duration)}",
        f"load = {{ {rates} }}  # n = {n:,}",
    ]
