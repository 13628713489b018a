"""What a finding is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["problem", "warning", "note", "modelled", "unknown"]
"""modelled: the scenario's profiles do this by their own words."""
Owner = Literal["API", "modelled client", "your client", "account limit", "generator"]
Confidence = Literal["certain", "likely", "unknown"]


@dataclass(frozen=True)
class Finding:
    """One thing found."""

    name: str
    severity: Severity
    owner: Owner
    confidence: Confidence
    text: str
    """One sentence with the figures."""
    advice: str
    """Sentences, in which `{stop}` and the like stand for the API's calls (`loadtests.model.api.description.words`)."""
    sessions: tuple[int, ...] = ()
    """Our numbers of the sessions that show it, at most a hundred."""
    interval: tuple[float, float] | None = None
    """From when to when, in seconds of the run; None: the whole run, or no time in it."""
    chart: str | None = None
    """The page's chart that shows it, by its name there; None: there is none."""


@dataclass(frozen=True)
class Unknown:
    """What a check says when the log does not tell."""

    why: str


Checked = Finding | Unknown | None
"""fail (what was found), unknown, or pass."""
