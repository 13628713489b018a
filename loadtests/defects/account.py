"""Opens an account at the API, with or without defects: its rules and its service."""

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
    """Returns the rules and the service of an account with `terms`. The first of `defects` is next to the rules.

    Equal seeds give equal defects; each defect has its own random stream. Raises InputError where one does not fit the terms.
    """
    with_draws = [(injected, Draw.of(seed, "defect", injected.defect.name)) for injected in defects]
    rules = Rules(_changed(terms, with_draws), new_id, on_event)
    service = service_of(rules)
    for injected, draw in with_draws:
        service = injected.defect.around(service, rules, injected.value, draw)
    return rules, service


def check_fit(terms: Terms, defects: Iterable[Injected]) -> None:
    """Raises InputError if one of `defects` does not fit `terms`."""
    _changed(terms, [(injected, Draw.of("fit")) for injected in defects])


def _changed(terms: Terms, with_draws: Iterable[tuple[Injected, Draw]]) -> Terms:
    for injected, draw in with_draws:
        terms = injected.defect.terms(terms, injected.value, draw)
    return terms
