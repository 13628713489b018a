"""Writes a fitted person as a profile: TOML, with a comment for each figure that says where it comes from."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np

from loadtests.model.people.profile import Profile, Way, build_profile
from loadtests.model.text.wording import between, count, percent
from reports.fit.choice import Fitted
from reports.fit.estimate import Estimate
from reports.fit.person import FittedPerson

DEFAULT_LENGTH = '{ kind = "exponential", mean = "15m", at_most = "60m" }'
_ANY_TIMEOUT = (0.0, np.inf)


def profile_text(person: FittedPerson, logs: tuple[str, ...]) -> str:
    """Returns the file's text, which `streamsoak profiles` validates."""
    return "\n".join([*_head(person, logs), *_turns(person), *_keep_alive(person), *_rest(person)]) + "\n"


def profile_of(person: FittedPerson, logs: tuple[str, ...]) -> Profile:
    """Returns the profile that the text describes, whatever idle timeouts an API accepts."""
    tables = {"name": person.name, **tomllib.loads(profile_text(person, logs))}
    return build_profile(person.name, tables, Path(), _ANY_TIMEOUT)


def _head(person: FittedPerson, logs: tuple[str, ...]) -> list[str]:
    censored = ", ".join(f"{n:,} {why}" for why, n in sorted(person.censored.items()))
    about = f"Fitted by streamsoak fit to {count(person.sessions, 'session')} of {count(len(logs), 'log')}."
    return [
        f'about = "{about}"',
        "",
        f"# Logs: {', '.join(map(_comment, logs))}.",
        "# n: observations; in brackets: the 95 % interval; KS: Kolmogorov–Smirnov distance to the data (0 to 1).",
        *(f"# Note: {_comment(note)}." for note in person.notes),
        "",
        f"weight = {number(max(person.share, 1e-3))}",
        "",
        _source(person.idle_timeout, "s"),
        f"idle_timeout = {_value(person.idle_timeout, '120s', is_bounded=True)}",
        "",
        _source(person.session_length, "s", f"; censored: {censored}" if censored else ""),
        f"session_length = {_value(person.session_length, DEFAULT_LENGTH)}",
        "",
        "[arrivals]",
        f"# {_estimate(_per_minute(person.arrivals.rate), '/min')}, n = {person.arrivals.rate.n:,}. Whether the same person comes"
        " back, a log does not show.",
        'model = "open"',
        f'rate = "{number(60 * max(person.arrivals.rate.value, 1e-6))}/min"',
        "",
    ]


def _turns(person: FittedPerson) -> list[str]:
    lines = [
        "[turns]",
        _source(person.words, ""),
        "# The text is not logged: so many words that the sandbox’s answers play as long as those in the log.",
        f"words = {_value(person.words, '10', unit='')}",
        _source(person.thinking, "s"),
        f"thinking = {_value(person.thinking, '7s')}",
        f"wait_for_answer = {str(person.waits).lower()}",
        "",
    ]
    if person.quiet and person.quiet_chance:
        lines += [
            "[quiet]",
            f"# {_estimate(person.quiet_chance, '')}, n = {person.quiet_chance.n:,}",
            f"chance = {number(person.quiet_chance.value)}",
            _source(person.quiet, "s"),
            f"length = {_value(person.quiet, '30s')}",
            "",
        ]
    return lines


def _keep_alive(person: FittedPerson) -> list[str]:
    policy = person.keep_alive
    if policy is None or policy.jitter is None:
        return []
    interval = policy.every or policy.fraction
    if interval is None:
        return []
    name = "every" if policy.every else "fraction"
    value = seconds(interval.value) if policy.every else number(min(interval.value, 0.999))
    return [
        "[keep_alive]",
        f"# {count(policy.sent, 'keep-alive')}; {percent(policy.regular)} of the gaps are regular",
        f'when = "{policy.when}"',
        f"# {_estimate(interval, ' s' if policy.every else ' of the idle timeout')}, n = {interval.n:,}",
        f"{name} = {value}",
        f"# {_estimate(policy.jitter, '')}, n = {policy.jitter.n:,}",
        f"jitter = {number(min(policy.jitter.value, 1.0))}",
        "",
    ]


def _rest(person: FittedPerson) -> list[str]:
    lines = []
    if person.retries:
        lines += [
            "[on_refusal]",
            f"# From {count(person.retries.people, 'refused person', 'refused people')}",
            f"retries = {min(person.retries.retries, 1000)}",
            f"backoff = {seconds(person.retries.backoff)}",
            "",
        ]
    if person.leaving:
        lines += ["[leaving]", "# The remainder is close; reopen, reload and double mounts look like abandon."]
        for way, share in person.leaving.shares.items():
            if way is not Way.CLOSE and share.value:
                lines += [
                    f"# {_estimate(share, '')}, n = {share.n:,}",
                    f"{way.key} = {number(share.value)}",
                ]
        lines += [""]
    return [
        *lines,
        "[calls]",
        f"create_token = {str(person.create_token).lower()}",
        f"start = {str(person.start).lower()}",
    ]


def _source(fitted: Fitted | None, unit: str, more: str = "") -> str:
    """Returns the comment above a distribution."""
    if fitted is None:
        return "# Not fitted: a default."
    each = "; ".join(
        f"{name} {_estimate(estimate, f' {unit}' if unit else '')}" for name, estimate in fitted.parameters.items()
    )
    aic = ", ".join(f"{name} {value:,.0f}" for name, value in sorted(fitted.aic.items(), key=lambda pair: pair[1]))
    return f"# {each}; n = {fitted.n:,}{more}; KS = {fitted.ks:.3f}{f'; AIC: {aic}' if aic else ''}"


def _value(fitted: Fitted | None, default: str, unit: str = "s", *, is_bounded: bool = False) -> str:
    """Returns a distribution as in a file. `is_bounded`: no value beyond those seen, as the API would refuse it."""
    if fitted is None:
        return default if default.startswith("{") or not unit else f'"{default}"'
    written = seconds if unit else number
    if fitted.kind == "constant":
        return written(fitted.parameters["value"].value)
    bounds = {"at_least": fitted.distribution.at_least, "at_most": fitted.distribution.at_most or np.inf}
    if is_bounded:
        bounds = {"at_least": float(fitted.curve.values[0]), "at_most": float(fitted.curve.values[-1])}
    keys = {name: estimate.value for name, estimate in fitted.parameters.items()}
    keys |= {name: value for name, value in bounds.items() if 0 < value < np.inf}
    return f'{{ kind = "{fitted.kind}", {", ".join(f"{name} = {written(value)}" for name, value in keys.items())} }}'


def _per_minute(rate: Estimate) -> Estimate:
    return Estimate(60 * rate.value, 60 * rate.low, 60 * rate.high, rate.n)


def _estimate(estimate: Estimate, unit: str) -> str:
    return f"{estimate.value:.4g}{unit} ({between(estimate.low, estimate.high, '{:.4g}'.format)}{unit})"


def seconds(value: float) -> str:
    """A duration as in a profile: "881.3s"."""
    return f'"{number(value)}s"'


def number(value: float) -> str:
    """A number of five digits without an exponent, as TOML and durations take it."""
    return np.format_float_positional(value, precision=5, unique=False, fractional=False, trim="-")


def _comment(text: str) -> str:
    """A text from elsewhere as part of a comment: one line."""
    return " ".join(text.split())
