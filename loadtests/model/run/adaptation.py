"""People as they can be at an API that lacks a call: what they do instead, and what a run cannot know for that reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from loadtests.model.api.description.description import ApiDescription
from loadtests.model.api.operation import Operation
from loadtests.model.people.distribution import Constant
from loadtests.model.people.profile import Profile
from loadtests.model.text.units import format_duration

_NEVER_SECONDS = 1e9
"""The thinking time of people whose API has no call for a task: longer than any session."""


def adapted(profiles: Mapping[str, Profile], api: ApiDescription) -> dict[str, Profile]:
    """Returns `profiles` as they are at `api`. At the default API, which has every call, nothing changes."""
    return {name: _adapted(profile, api) for name, profile in profiles.items()}


def limits_of(api: ApiDescription) -> Iterator[str]:
    """Yields a sentence for each thing that users cannot do, or a run cannot know, at `api`."""
    if not api.has(Operation.START):
        yield "The API has no call that starts a session: whether its stream started is not observed."
    if not api.has(Operation.TASK):
        yield "The API has no call for a task: users are silent for their whole session."
    if not api.has(Operation.KEEP_ALIVE):
        yield "The API has no keep-alive: users who are silent for longer than the idle timeout lose their session."
    elif Operation.KEEP_ALIVE not in api.activity:
        yield "The API's keep-alive does not reset the idle timer: it keeps nobody's session open."
    if not api.activity:
        yield "No call of the API resets the idle timer: a session ends one idle timeout after it was opened."
    if not api.has(Operation.LIST):
        yield "The API has no list: when sessions that nobody closed ended is not observed, and sessions of others are not seen."
    if api.idle_timeout.set_by == "api":
        yield f"The API sets the idle timeout: {format_duration(api.idle_timeout.default)} for every session."
    if api.guessed:
        yield f"The description of {api.name} is partly a guess: {'; '.join(api.guessed)}."


def _adapted(profile: Profile, api: ApiDescription) -> Profile:
    changes = {
        **_calls(profile, api),
        **_keep_alive(profile, api),
        **({} if api.has(Operation.TASK) else _silence(profile)),
        **_idle_timeout(api),
    }
    return profile.model_copy(update=changes) if changes else profile


def _calls(profile: Profile, api: ApiDescription) -> dict[str, object]:
    calls = profile.calls
    wanted = calls.model_copy(
        update={
            "start": calls.start and api.has(Operation.START),
            "create_token": api.needs_token or (calls.create_token and api.has(Operation.CREATE_TOKEN)),
        }
    )
    return {} if wanted == calls else {"calls": wanted}


def _keep_alive(profile: Profile, api: ApiDescription) -> dict[str, object]:
    """Without the call nothing is kept alive, and a zombie is a session that was left open."""
    keep_alive, leaving = profile.keep_alive, profile.leaving
    if not api.has(Operation.KEEP_ALIVE):
        left = leaving.model_copy(update={"abandon": leaving.abandon + leaving.zombie, "zombie": 0.0})
        left.__dict__.pop("_shares", None)
        return {"keep_alive": keep_alive.model_copy(update={"when": "never"}), "leaving": left}
    if not api.has(Operation.TASK) and keep_alive.when == "quiet":
        # Who never speaks is always quiet.
        return {"keep_alive": keep_alive.model_copy(update={"when": "always"})}
    return {}


def _silence(profile: Profile) -> dict[str, object]:
    return {"turns": profile.turns.model_copy(update={"thinking": Constant(value=_NEVER_SECONDS)})}


def _idle_timeout(api: ApiDescription) -> dict[str, object]:
    if api.idle_timeout.set_by == "client":
        return {}
    return {"idle_timeout": Constant(value=api.idle_timeout.default)}
