"""An account at the API, with defects or without: the rules, and the service in front of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from loadtests.defects.defect import Injected
from loadtests.model.api.rules import HostedSession, Rules, Terms
from loadtests.model.api.service import Service, service_of
from loadtests.model.people.draw import Draw


def open_account(
    terms: Terms,
    new_id: Callable[[], str],
    on_event: Callable[[float, str, HostedSession], None],
    defects: Iterable[Injected] = (),
    seed: int = 0,
) -> tuple[Rules, Service]:
    """Rules and service of an account with `terms`, the first of `defects` next to the rules.

    Equal seeds give equal defects, each with a stream of its own. Raises InputError where a defect does not fit the terms.
    """
    injected = [(each, Draw(seed, "defect", each.defect.name)) for each in defects]
    rules = Rules(_changed(terms, injected), new_id, on_event)
    service = service_of(rules)
    for each, draw in injected:
        service = each.defect.around(service, rules, each.value, draw)
    return rules, service


def check_fit(terms: Terms, defects: Iterable[Injected]) -> None:
    """Raise InputError if one of `defects` does not fit `terms`."""
    _changed(terms, [(each, Draw("fit")) for each in defects])


def _changed(terms: Terms, injected: Iterable[tuple[Injected, Draw]]) -> Terms:
    for each, draw in injected:
        terms = each.defect.terms(terms, each.value, draw)
    return terms
