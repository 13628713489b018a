"""Checks before the first stage that the API can be used, so that what would fail for the whole run is said at once."""

from __future__ import annotations

import logging

from loadtests.http.client import HttpClient
from loadtests.http.failure import in_words
from loadtests.http.key import has_key, key_variables
from loadtests.http.route import Route
from loadtests.model.api.answer import Reason
from loadtests.model.text.input_error import EXIT_UNAVAILABLE, InputError
from loadtests.model.text.wording import count, verb
from loadtests.observing.list_observer import ListRefusedError, listed_sessions
from loadtests.run.run import RunSettings

logger = logging.getLogger(__name__)

_SECONDS = 5.0


def check_api(settings: RunSettings, route: Route) -> None:
    """Raises InputError if no session can be opened: the API is not reachable, rejects the key, or has no free slot."""
    api = settings.description
    client = HttpClient(route, api, settings.key, _SECONDS)
    try:
        if api.list is None:
            route.connect().close()
            return
        found = listed_sessions(client, api, settings.key)
    except OSError as error:
        raise InputError.of(settings.host, f"cannot be reached: {in_words(error)}", code=EXIT_UNAVAILABLE) from None
    except ListRefusedError as error:
        _check_refusal(settings, error)
        return
    except ValueError as error:
        _warn_of_list(error)
        return
    finally:
        client.close()
    if settings.limit is not None and len(found) >= settings.limit:
        are = f"{count(len(found), 'session')} {verb(len(found), 'is', 'are')}"
        raise InputError.of(settings.host, f"has no free slot: {are} open, and the limit is {settings.limit:,}")


def _check_refusal(settings: RunSettings, error: ListRefusedError) -> None:
    host, api = settings.host, settings.description
    variable = key_variables(api)[1]
    if error.reason is not Reason.UNAUTHORIZED:
        _warn_of_list(error)
    elif has_key(api):
        raise InputError.of(variable, f"was rejected by {host} ({error})")
    else:
        raise InputError.of(
            variable, f"is required in the environment: {host} rejects requests without a key ({error})"
        )


def _warn_of_list(error: ValueError) -> None:
    logger.warning("The API's list of sessions cannot be read (%s): the report will know less about leaks", error)
