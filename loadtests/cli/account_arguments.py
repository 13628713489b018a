"""The arguments of the commands on an account: --host and --api, and the route and the key that they lead to."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from loadtests.cli.arguments import add_api
from loadtests.model.text.input_error import InputError

if TYPE_CHECKING:
    from loadtests.http.route import Route
    from loadtests.model.api.description.description import ApiDescription


def add_host(parser: argparse.ArgumentParser) -> None:
    """Declare --host and --api."""
    about = "address of the API: scheme://host[:port][/path] (default: the address in the API's description)"
    parser.add_argument("--host", default="", metavar="URL", help=about)
    add_api(parser)


def listing_api(arguments: argparse.Namespace) -> ApiDescription:
    """Returns the API of --api. Raises InputError if it has no list."""
    from loadtests.model.api.description.default import default_api
    from loadtests.scenarios.catalogue import named_api

    api = named_api(arguments.api) if arguments.api else default_api()
    if api.list is None:
        raise InputError.of("--api", f"{api.name} has no call that lists an account's sessions")
    return api


def account_route(arguments: argparse.Namespace, api: ApiDescription) -> Route:
    """Returns the route to --host, or to the address of `api`. Raises InputError, also without a key for another machine."""
    from loadtests.http.key import has_key, key_variables
    from loadtests.http.route import route_to

    if not (host := arguments.host or api.base):
        raise InputError.of("--host", f"is required: the description of {api.name} has no address")
    route = route_to(host)
    if not route.is_loopback and not has_key(api):
        variables = key_variables(api)
        name = variables[1] if len(variables) > 1 else variables[0]
        raise InputError.of(name, f"is required: the API key for {route.origin.url}, read from the environment only")
    return route
