"""The fitted figures of a person as rows, for the page and the terminal."""

from __future__ import annotations

from dataclasses import dataclass

from loadtests.model.people.profile import Way
from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import between, percent
from reports.fit.choice import Fitted
from reports.fit.estimate import Estimate
from reports.fit.person import FittedPerson


@dataclass(frozen=True)
class FigureRow:
    """One parameter."""

    figure: str
    family: str
    parameter: str
    value: str
    interval: str
    n: str
    ks: str


def rows_of_person(person: FittedPerson) -> list[FigureRow]:
    """Returns the rows, in the order of a profile."""
    rows = [_plain("arrivals", "Poisson", "a minute", _scaled(person.arrivals.rate, 60), "{:.3g}")]
    rows += _distribution("idle timeout", person.idle_timeout)
    rows += _distribution("session length", person.session_length)
    rows += _distribution("words in a task", person.words, is_duration=False)
    rows += _distribution("thinking", person.thinking)
    if person.quiet_chance:
        rows.append(_share("quiet period", "after a turn", person.quiet_chance))
        rows += _distribution("quiet period", person.quiet)
    rows += _keep_alive(person)
    if person.leaving:
        rows += [
            _share("leaving", way.value, share)
            for way, share in person.leaving.shares.items()
            if share.value or way is Way.CLOSE
        ]
    return rows


def _keep_alive(person: FittedPerson) -> list[FigureRow]:
    policy = person.keep_alive
    if policy is None:
        return []
    if policy.when == "never":
        return [FigureRow("keep-alive", "", "when", "never", "–", "–", "–")]
    rows = [FigureRow("keep-alive", "", "when", policy.when, "–", f"{policy.sent:,}", "–")]
    if policy.every:
        rows.append(_plain("keep-alive", "", "every", policy.every, ""))
    if policy.fraction:
        rows.append(_share("keep-alive", "share of the idle timeout", policy.fraction))
    if policy.jitter:
        rows.append(_share("keep-alive", "jitter", policy.jitter))
    return rows


def _distribution(name: str, fitted: Fitted | None, *, is_duration: bool = True) -> list[FigureRow]:
    if fitted is None:
        return [FigureRow(name, "not fitted", "–", "a default", "–", "–", "–")]
    rows = [
        _plain(name, fitted.kind, parameter, estimate, "" if is_duration else "{:.3g}", f"{fitted.ks:.3f}")
        for parameter, estimate in fitted.parameters.items()
    ]
    if fitted.distribution.at_most:
        most = fitted.distribution.at_most
        shown = format_duration(most) if is_duration else f"{most:.3g}"
        rows.append(FigureRow(name, fitted.kind, "at most", shown, "–", rows[0].n, rows[0].ks))
    return rows


def _plain(name: str, family: str, parameter: str, estimate: Estimate, form: str, ks: str = "–") -> FigureRow:
    show = form.format if form else format_duration
    return FigureRow(
        name, family, parameter, show(estimate.value), between(estimate.low, estimate.high, show), f"{estimate.n:,}", ks
    )


def _share(name: str, parameter: str, share: Estimate) -> FigureRow:
    interval = between(share.low, share.high, percent)
    return FigureRow(name, "", parameter, percent(share.value), interval, f"{share.n:,}", "–")


def _scaled(estimate: Estimate, factor: float) -> Estimate:
    return Estimate(factor * estimate.value, factor * estimate.low, factor * estimate.high, estimate.n)
