"""Profiles: one kind of person each, a TOML file of its own."""

from __future__ import annotations

import math
import tomllib
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from loadtests.model.people.distribution import Constant, Distribution
from loadtests.model.people.draw import Draw
from loadtests.model.text.input_error import InputError, from_pydantic
from loadtests.model.text.units import Rate, Seconds

IDLE_RANGE = (30.0, 3599.0)
"""Seconds of `activity_idle_timeout` that the API takes (the seed: "30 seconds minimum, 3599 seconds maximum")."""
IDLE_DEFAULT = 120.0
"""The API's `activity_idle_timeout` when none is asked for (the seed)."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=60)]
"""Of a profile or scenario: lower case, digits, single hyphens."""

Share = Annotated[float, Field(ge=0, le=1)]


class Way(StrEnum):
    """Ways of leaving."""

    CLOSE = "close"
    ABANDON = "abandon"
    CRASH = "crash"
    ZOMBIE = "zombie"
    REOPEN = "reopen"
    IMPATIENT = "impatient"


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ArrivalModel(_Table):
    """How these people come: one after the other, or whether or not earlier ones have gone."""

    model: Literal["open", "closed"] = "open"
    """open: a Locust user is a Poisson stream of arrivals; closed: a Locust user is one person."""
    rate: Rate = Field(default=1 / 60, ge=1e-6, validate_default=False)
    """Open model: arrivals of one stream."""
    pause: Distribution = Constant(value=10.0)
    """Closed model: between a person's sessions."""


class Turns(_Table):
    """What a person says, and how long they think."""

    words: Distribution = Constant(value=10.0)
    """Words in a user task."""
    thinking: Distribution = Constant(value=7.0)
    """From the answer's end to the next task."""
    wait_for_answer: bool = True
    """Whether the person hears the answer out (the `duration_ms` that the API tells)."""


class Quiet(_Table):
    """Quiet periods: the person is there, but nothing that the API detects happens."""

    chance: Share = 0.0
    """How likely one follows a turn."""
    length: Distribution = Constant(value=30.0)


class KeepAlive(_Table):
    """When keep-alives are sent."""

    when: Literal["never", "quiet", "always"] = "never"
    every: Seconds | None = Field(default=None, gt=0)
    """Seconds between two; or else `fraction`."""
    fraction: float | None = Field(default=None, gt=0, lt=1)
    """Of the session's idle timeout, instead of `every`."""
    jitter: Share = 0.0
    """Each interval is stretched or shortened by up to this share."""
    on_failure: Literal["ignore", "stop", "leave"] = "ignore"
    """What the client does when one fails: go on, stop its timer, or give the session up."""

    @model_validator(mode="after")
    def _one_interval(self) -> Self:
        if self.every is not None and self.fraction is not None:
            raise ValueError("give `every` or `fraction`, not both")
        if self.when != "never" and not self.has_interval:
            raise ValueError(f"when = {self.when!r} needs `every` (say '30s') or `fraction` (say 0.5)")
        return self

    @property
    def has_interval(self) -> bool:
        """Whether a timer could be started at all."""
        return self.every is not None or self.fraction is not None

    def interval(self, idle_timeout: float) -> float:
        """Seconds between two keep-alives of a session with `idle_timeout`, before jitter."""
        return self.every if self.every is not None else idle_timeout * (self.fraction or math.inf)


class OnRefusal(_Table):
    """What a person does when `new` is refused because the account is full: give up, or back off and retry."""

    retries: int = Field(default=0, ge=0, le=1000)
    backoff: Seconds = Field(default=1.0, ge=0)
    """Before the first retry."""
    factor: float = Field(default=2.0, ge=1, le=10)
    """Each further wait is this much longer."""
    at_most: Seconds = Field(default=60.0, ge=0)
    jitter: Share = 0.5
    """Each wait is shortened by up to this share."""
    heed_retry_after: bool = True

    def wait(self, attempt: int, retry_after: float, draw: Draw) -> float:
        """Seconds before the next try, after `attempt` refusals (from 1)."""
        backoff = min(self.backoff * self.factor ** min(attempt - 1, 64), self.at_most)
        backoff *= 1 - self.jitter * draw.uniform()
        return max(backoff, retry_after) if self.heed_retry_after else backoff


class Leaving(_Table):
    """Ways of leaving with their probabilities; what is missing to 1 is `close`."""

    close: Share | None = None
    abandon: Share = 0.0
    crash: Share = 0.0
    zombie: Share = 0.0
    reopen: Share = 0.0
    impatient: Share = 0.0
    impatient_sends_stop: bool = False
    """Whether a client that is left before `start` has answered sends stop."""
    stop_after_failed_start: bool = True
    """Whether a client whose `start` failed sends stop."""

    @model_validator(mode="after")
    def _sum(self) -> Self:
        total = math.fsum(share for _, share in self._shares)
        if self._shares[0][1] < -1e-9:
            total = math.fsum(share for way, share in self._shares if way is not Way.CLOSE)
        if not math.isclose(total, 1.0, abs_tol=1e-9):
            raise ValueError(
                f"the ways of leaving add up to {total:g}; they must add up to 1 (leave `close` out for the rest)"
            )
        return self

    def shares(self) -> list[tuple[Way, float]]:
        """Each way and its probability."""
        return self._shares

    @cached_property
    def _shares(self) -> list[tuple[Way, float]]:
        others = [(way, float(getattr(self, way))) for way in Way if way is not Way.CLOSE]
        rest = 1 - math.fsum(share for _, share in others)
        return [(Way.CLOSE, rest if self.close is None else self.close), *others]

    def choose(self, draw: Draw) -> Way:
        """One way, by the probabilities."""
        u = draw.uniform()
        for way, share in self._shares:
            if u < share:
                return way
            u -= share
        return Way.CLOSE

    @property
    def leaks(self) -> bool:
        """Whether any of these people may leave a session open."""
        stopped = {Way.CLOSE, Way.IMPATIENT} if self.impatient_sends_stop else {Way.CLOSE}
        return any(share > 0 and way not in stopped for way, share in self._shares)


class CallOptions(_Table):
    """Which of the optional calls this client makes."""

    create_token: bool = False
    start: bool = True


class Profile(_Table):
    """One kind of person."""

    name: Name
    about: str = ""
    weight: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """Locust's weight, where no scenario gives the mix."""
    idle_timeout: Distribution = Constant(value=IDLE_DEFAULT)
    """`activity_idle_timeout` asked for; rounded to whole seconds."""
    disable_idle_timeout: bool = False
    """Deprecated at the API, and without effect; here so that its harm can be modelled."""
    session_length: Distribution
    """From the moment the session is open until the person leaves."""
    arrivals: ArrivalModel = ArrivalModel()
    turns: Turns = Turns()
    quiet: Quiet = Quiet()
    keep_alive: KeepAlive = KeepAlive()
    on_refusal: OnRefusal = OnRefusal()
    leaving: Leaving = Leaving()
    calls: CallOptions = CallOptions()

    @field_validator("idle_timeout")
    @classmethod
    def _accepted_by_the_api(cls, idle_timeout: Distribution, info: ValidationInfo) -> Distribution:
        least, most = (info.context or {}).get("idle_range", (0.0, math.inf))
        low, high = idle_timeout.bounds()
        if low < least or high > most:
            raise ValueError(
                f"may become {low:g} to {high:g} s; the API takes {least:g} to {most:g} s"
                " (set at_least and at_most, or the scenario's idle_range)"
            )
        return idle_timeout

    @field_validator("leaving")
    @classmethod
    def _zombies_have_a_timer(cls, leaving: Leaving, info: ValidationInfo) -> Leaving:
        keep_alive: KeepAlive | None = info.data.get("keep_alive")
        if leaving.zombie and keep_alive is not None and not keep_alive.has_interval:
            raise ValueError("zombie needs keep_alive.every or keep_alive.fraction: a zombie is a surviving timer")
        return leaving

    @property
    def users_each(self) -> float:
        """What one Locust user of this profile stands for: arrivals a second (open), or one person (closed)."""
        return self.arrivals.rate if self.arrivals.model == "open" else 1.0


def parse_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file; raises InputError if it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError.of(path, f"cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise InputError.of(path, f"is not UTF-8 text: {error}") from None
    except (ValueError, RecursionError) as error:
        # ValueError: TOML's own mistakes, and numbers of more digits than Python reads.
        raise InputError.of(path, f"is not TOML: {error}") from None


def load_profile(path: Path, idle_range: tuple[float, float] = IDLE_RANGE) -> Profile:
    """The profile in `path`, named after the file unless it has a `name`; raises InputError with every mistake in it."""
    return build_profile(str(path), {"name": path.stem, **parse_toml(path)}, path.parent, idle_range)


def build_profile(where: str, tables: dict[str, Any], folder: Path, idle_range: tuple[float, float]) -> Profile:
    """The profile that `tables` describe; `folder` is what paths in it are relative to. Raises InputError."""
    try:
        return Profile.model_validate(tables, context={"folder": folder, "idle_range": idle_range})
    except ValidationError as error:
        raise from_pydantic(where, error) from None
