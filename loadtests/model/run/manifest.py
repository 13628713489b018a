"""The manifest: describes a run in one small file beside its events. It holds the scenario by which the run is judged."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from loadtests.model.api.description.description import ApiDescription
from loadtests.model.log.record import VERSION
from loadtests.model.people.profile import Profile
from loadtests.model.run.plan import LoadPlan
from loadtests.model.run.run_name import MANIFEST
from loadtests.model.run.scenario import TIMEOUT, Scenario, api_of
from loadtests.model.run.watch_terms import WatchTerms
from loadtests.model.text.input_error import InputError
from loadtests.model.text.suggestion import nearest_path
from loadtests.model.text.validation import from_pydantic

SPOOL = "spool"
"""Below a run's directory: what a worker writes on its own machine, until the master has all of it."""


class Manifest(BaseModel):
    """Everything that a report needs besides the events. Never the API key."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    version: int = VERSION
    """Of the event record."""
    run: str
    """The run's name: the name of its directory."""
    host: str
    """The API's origin, without credentials."""
    sandbox: bool
    simulated: bool = False
    """Whether it ran in virtual time, against the rules in memory."""
    audit: bool = False
    """Whether the sandbox recorded the user's own client: `streamsoak audit`."""
    intercepted: str = ""
    """The API's address, if the audit answered requests to it in the API's place; "": the program was given the sandbox's."""
    recording: bool = False
    """Whether a proxy recorded the clients of a real API: `streamsoak record`."""
    watch: WatchTerms | None = None
    """The terms of `streamsoak watch`; None: it was none."""
    started_unix: float
    """Wall clock at 0 of the run's clock, in seconds since 1970: `created_at` of the API's list is compared with it."""
    simulated_unix: float | None = None
    """Wall clock when a simulation was made, in seconds since 1970: its own clock begins at 0."""
    seed: int
    defects_injected: tuple[str, ...] = ()
    """Defects of a sandbox started for the run. Not used in the verdict."""
    limit: int | None
    """The account's advertised limit."""
    observe: float
    poll: float
    tolerance: float
    people: dict[str, Profile]
    """Every profile of the run, as it was then."""
    api: ApiDescription | None = None
    """The API that was named for the run; None: the scenario's, or the default one."""
    scenario: Scenario | None
    """None: the load came from Locust's own users, ramp and time."""
    stages_replaced: bool = False
    """Whether the load came from Locust's own users, rate and time instead of the scenario's stages."""
    scale: float = 1.0
    """The factor of the scenario's loads (Locust's `-u`)."""
    workers: int = 0
    """Number of worker processes; 0: a single process."""
    software: dict[str, str]
    """Versions of the software that made the load."""
    load_ended: float | None = None
    """When the load ended, in seconds of the run; None: the run was cut off."""
    ended: float | None = None
    """When the drain ended; None: the run was cut off."""
    end_reason: str = ""
    left_open: int = 0
    """Sessions that the end of the run could not close."""
    lost_events: int = 0
    """Events that could not be written."""
    defects: int = 0
    """Internal errors of streamsoak."""
    cut_workers: int = 0
    """Workers whose part of the event log is incomplete."""

    @property
    def started(self) -> str:
        """When the run began, or a simulation was made: ISO 8601 in UTC."""
        moment = self.started_unix if self.simulated_unix is None else self.simulated_unix
        return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")

    @property
    def is_of_clients(self) -> bool:
        """Whether the calls are those of clients that are not ours, as the API's end saw them."""
        return self.audit or self.recording

    @property
    def plan(self) -> LoadPlan | None:
        """The load over time; None: Locust's own users, each stream at its profile's rate."""
        return LoadPlan(self.scenario, self.scale) if self.scenario and not self.stages_replaced else None

    @property
    def description(self) -> ApiDescription:
        """The API's description."""
        return api_of(self.api, self.scenario)

    @property
    def timeout(self) -> float:
        """The timeout of a request, in seconds."""
        return self.scenario.timeout if self.scenario else TIMEOUT


def files_of(run: Path, pattern: str) -> dict[str, Path]:
    """The processes' files in a run's directory, by name. Of one that was shipped and is spooled here too, the longer: it begins
    with the other.
    """
    longest: dict[str, Path] = {}
    for path in (*run.glob(pattern), *(run / SPOOL).glob(pattern)):
        known = longest.get(path.name)
        if known is None or path.stat().st_size > known.stat().st_size:
            longest[path.name] = path
    return longest


def read_manifest(run: Path) -> Manifest:
    """The manifest in the directory `run`; raises InputError if there is none that can be read."""
    path = run / MANIFEST
    if not run.exists():
        raise InputError.of(run, f"no such directory{nearest_path(run)}")
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError.of(run, f"is not a run's directory: {MANIFEST} cannot be read ({error.strerror})") from None
    except ValidationError as error:
        raise from_pydantic(path, error) from None
