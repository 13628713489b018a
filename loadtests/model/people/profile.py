"""Profiles: each is one kind of person, in a TOML file."""

from __future__ import annotations

import math
from enum import StrEnum
from functools import cached_property, lru_cache
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
from loadtests.model.people.page import GRACE, PageState
from loadtests.model.text.toml import parse_toml
from loadtests.model.text.units import Rate, Seconds, Share
from loadtests.model.text.validation import from_pydantic
from loadtests.model.text.wording import between

IDLE_RANGE = (30.0, 3599.0)
"""Values of `activity_idle_timeout` that the API accepts, in seconds (the seed: "30 seconds minimum, 3599 seconds maximum")."""
IDLE_DEFAULT = 120.0
"""The API's default `activity_idle_timeout`, in seconds (the seed)."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=60)]
"""The name of a profile or scenario: lower case letters, digits, single hyphens."""


class Way(StrEnum):
    """Ways of leaving, and of arriving where that leaves a session behind."""

    CLOSE = "close"
    ABANDON = "abandon"
    CRASH = "crash"
    ZOMBIE = "zombie"
    REOPEN = "reopen"
    IMPATIENT = "impatient"
    DOUBLE_MOUNT = "double-mount"
    RELOAD = "reload"
    RECOVERY_LOOP = "recovery-loop"

    @property
    def key(self) -> str:
        """Its key in a profile."""
        return self.value.replace("-", "_")


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class ArrivalModel(_Table):
    """How persons arrive: open model (independent of earlier persons) or closed model (one session after the other)."""

    model: Literal["open", "closed"] = "open"
    """open: a Locust user is a Poisson stream of arrivals; closed: a Locust user is one person."""
    rate: Rate = Field(default=1 / 60, ge=1e-6, validate_default=False)
    """Open model: the arrival rate of one stream."""
    pause: Distribution = Constant(value=10.0)
    """Closed model: the time between two sessions of a person."""


class Turns(_Table):
    """User tasks, and the time between them."""

    words: Distribution = Constant(value=10.0)
    """Words in a user task."""
    thinking: Distribution = Constant(value=7.0)
    """From the end of the answer to the next task."""
    wait_for_answer: bool = True
    """Whether the person waits until the spoken answer ends (the API's `duration_ms`)."""


class Quiet(_Table):
    """Quiet periods: the person is there, but nothing that the API detects happens."""

    chance: Share = 0.0
    """The probability that a quiet period follows a turn."""
    length: Distribution = Constant(value=30.0)


@lru_cache(maxsize=4096)
def _product(idle_timeout: float, fraction: float) -> float:
    # Cached, so that a million sessions share the number.
    return idle_timeout * fraction


class KeepAlive(_Table):
    """When keep-alives are sent."""

    when: Literal["never", "quiet", "always"] = "never"
    every: Seconds | None = Field(default=None, gt=0)
    """Seconds between two keep-alives; the alternative to `fraction`."""
    fraction: float | None = Field(default=None, gt=0, lt=1)
    """The interval as a fraction of the session's idle timeout; the alternative to `every`."""
    jitter: Share = 0.0
    """Each interval is stretched or shortened by up to this share."""
    on_failure: Literal["ignore", "stop", "leave"] = "ignore"
    """What the client does after a failed keep-alive: continue, stop its timer, or give up the session."""

    @model_validator(mode="after")
    def _one_interval(self) -> Self:
        if self.every is not None and self.fraction is not None:
            raise ValueError("`every` and `fraction` exclude each other")
        if self.when != "never" and not self.has_interval:
            raise ValueError(
                f"when = {self.when!r} requires `every` (for example '30s') or `fraction` (for example 0.5)"
            )
        return self

    @property
    def has_interval(self) -> bool:
        """Whether an interval is set."""
        return self.every is not None or self.fraction is not None

    def interval(self, idle_timeout: float) -> float:
        """Returns the seconds between two keep-alives of a session with `idle_timeout`, without jitter."""
        return self.every if self.every is not None else _product(idle_timeout, self.fraction or math.inf)


class OnRefusal(_Table):
    """Retries after `new` is refused because the account is full."""

    retries: int = Field(default=0, ge=0, le=1000)
    backoff: Seconds = Field(default=1.0, ge=0)
    """Before the first retry."""
    factor: float = Field(default=2.0, ge=1, le=10)
    """Each further wait is this many times as long."""
    at_most: Seconds = Field(default=60.0, ge=0)
    jitter: Share = 0.5
    """Each wait is shortened by up to this share."""
    heed_retry_after: bool = True

    def wait(self, attempt: int, retry_after: float, draw: Draw) -> float:
        """Returns the seconds before the next attempt, after `attempt` refusals (from 1)."""
        backoff = min(self.backoff * self.factor ** min(attempt - 1, 64), self.at_most)
        backoff *= 1 - self.jitter * draw.uniform()
        return max(backoff, retry_after) if self.heed_retry_after else backoff


class Leaving(_Table):
    """Probabilities of the ways of leaving; without `close`, it is the remainder to 1."""

    close: Share | None = None
    abandon: Share = 0.0
    crash: Share = 0.0
    zombie: Share = 0.0
    reopen: Share = 0.0
    impatient: Share = 0.0
    double_mount: Share = 0.0
    reload: Share = 0.0
    recovery_loop: Share = 0.0
    impatient_sends_stop: bool = False
    """Whether the client sends stop if the person leaves before `start` is answered."""
    stop_after_failed_start: bool = True
    """Whether the client sends stop after a failed `start`."""
    reload_sends_beacon: bool = False
    """Whether a page that is reloaded sends stop as a beacon, whose answer nobody reads."""
    error_every: Distribution = Constant(value=30.0)
    """recovery-loop: the time until the client's player fails, counted from the opening of each session."""

    @model_validator(mode="after")
    def _sum(self) -> Self:
        total = math.fsum(share for _, share in self._shares)
        if self._shares[0][1] < -1e-9:
            total = math.fsum(share for way, share in self._shares if way is not Way.CLOSE)
        if not math.isclose(total, 1.0, abs_tol=1e-9):
            raise ValueError(
                f"the ways of leaving must add up to 1 (they add up to {total:g}; without `close`, it is the remainder)"
            )
        return self

    def shares(self) -> list[tuple[Way, float]]:
        """Returns each way of leaving with its probability."""
        return self._shares

    @cached_property
    def _shares(self) -> list[tuple[Way, float]]:
        others = [(way, float(getattr(self, way.key))) for way in Way if way is not Way.CLOSE]
        rest = 1 - math.fsum(share for _, share in others)
        return [(Way.CLOSE, rest if self.close is None else self.close), *others]

    def choose(self, draw: Draw) -> Way:
        """Draws a way of leaving."""
        u = draw.uniform()
        for way, share in self._shares:
            if u < share:
                return way
            u -= share
        return Way.CLOSE

    @property
    def leaks(self) -> bool:
        """Whether a person may leave a session open."""
        stopped = {Way.CLOSE}
        stopped |= {Way.IMPATIENT} if self.impatient_sends_stop else set()
        stopped |= {Way.RELOAD} if self.reload_sends_beacon else set()
        return any(share > 0 and way not in stopped for way, share in self._shares)


class PageOptions(_Table):
    """The browser page that the client runs in. By default it is always visible."""

    hidden: Share = 0.0
    """The share of quiet periods in which the page is hidden, and its timers are throttled."""
    asleep: Share = 0.0
    """The share of quiet periods in which the device sleeps: no timer fires, and those that are overdue fire at waking."""
    intensive_after: Seconds = Field(default=GRACE, ge=0)
    """How long a page is hidden before its timers wake once a minute. A page that plays audio, or holds a WebRTC connection or a
    WebSocket, is exempt: longer than any quiet period."""

    @model_validator(mode="after")
    def _shares(self) -> Self:
        if self.hidden + self.asleep > 1 + 1e-9:
            raise ValueError(
                f"hidden and asleep must not add up to more than 1 (they add up to {self.hidden + self.asleep:g})"
            )
        return self

    @property
    def is_always_visible(self) -> bool:
        """Whether timers are never throttled."""
        return not self.hidden and not self.asleep

    def choose(self, draw: Draw) -> PageState:
        """Draws what becomes of the page in a quiet period."""
        if self.is_always_visible:
            return PageState.VISIBLE
        u = draw.uniform()
        if u < self.hidden:
            return PageState.HIDDEN
        return PageState.ASLEEP if u < self.hidden + self.asleep else PageState.VISIBLE


class CallOptions(_Table):
    """Optional calls of the client."""

    create_token: bool = False
    start: bool = True


class Profile(_Table):
    """One kind of person."""

    name: Name
    about: str = ""
    weight: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """Locust's weight, used without a scenario."""
    idle_timeout: Distribution = Constant(value=IDLE_DEFAULT)
    """The `activity_idle_timeout` requested; rounded to whole seconds."""
    disable_idle_timeout: bool = False
    """Deprecated by the API and without effect; here to model clients that still use it."""
    session_length: Distribution
    """From the opening of the session until the person leaves."""
    arrivals: ArrivalModel = ArrivalModel()
    turns: Turns = Turns()
    quiet: Quiet = Quiet()
    keep_alive: KeepAlive = KeepAlive()
    on_refusal: OnRefusal = OnRefusal()
    leaving: Leaving = Leaving()
    page: PageOptions = PageOptions()
    calls: CallOptions = CallOptions()

    @field_validator("idle_timeout")
    @classmethod
    def _accepted_by_the_api(cls, idle_timeout: Distribution, info: ValidationInfo) -> Distribution:
        least, most = (info.context or {}).get("idle_range", (0.0, math.inf))
        low, high = idle_timeout.bounds()
        if low < least or high > most:
            raise ValueError(
                f"must be {least:g} to {most:g} s, the range that the API accepts (is {between(low, high, '{:g} s'.format)});"
                " set at_least and at_most, or the scenario's idle_range"
            )
        return idle_timeout

    @field_validator("leaving")
    @classmethod
    def _zombies_have_a_timer(cls, leaving: Leaving, info: ValidationInfo) -> Leaving:
        keep_alive: KeepAlive | None = info.data.get("keep_alive")
        if leaving.zombie and keep_alive is not None and not keep_alive.has_interval:
            raise ValueError(
                "zombie requires keep_alive.every or keep_alive.fraction: a zombie is a keep-alive timer that is not stopped"
            )
        return leaving

    @property
    def users_each(self) -> float:
        """The load of one Locust user of this profile: arrivals a second (open), or one person (closed)."""
        return self.arrivals.rate if self.arrivals.model == "open" else 1.0


def load_profile(path: Path, idle_range: tuple[float, float] = IDLE_RANGE) -> Profile:
    """Returns the profile in `path`, named after the file unless it has a `name`. Raises InputError with all mistakes."""
    return build_profile(str(path), {"name": path.stem, **parse_toml(path)}, path.parent, idle_range)


def build_profile(where: str, tables: dict[str, Any], folder: Path, idle_range: tuple[float, float]) -> Profile:
    """Returns the profile that `tables` describe. Paths in it are relative to `folder`. Raises InputError with all mistakes."""
    try:
        return Profile.model_validate(tables, context={"folder": folder, "idle_range": idle_range})
    except ValidationError as error:
        raise from_pydantic(where, error, Profile) from None
