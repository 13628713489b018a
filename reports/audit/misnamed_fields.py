"""`misnamed-fields`: fields of requests that the API does not know although they look like its own."""

from __future__ import annotations

from collections.abc import Iterator

from loadtests.model.log.record import Observation
from reports.analysis.client import Client, ClientCall
from reports.audit.check import AuditCheck, Facts


def misnamed(notes: tuple[ClientCall, ...]) -> Iterator[str]:
    """Yield each field once: "activityIdleTimeout in new (the API's name is activity_idle_timeout)"."""
    for detail in dict.fromkeys(note.detail for note in notes):
        operation, _, rest = detail.partition(" ")
        sent, _, right = rest.rpartition(" ")
        yield f"{sent} in {operation} (the API's name is {right})"


def _misnamed(client: Client) -> Facts:
    numbers = sorted({note.session for note in client.noted(Observation.SIMILAR_FIELD) if note.session})
    return {number: ", ".join(misnamed(client.noted(Observation.SIMILAR_FIELD, number))) for number in numbers}


MISNAMED_FIELDS = AuditCheck(
    "misnamed-fields",
    "warning",
    "likely",
    _misnamed,
    "Your client sent fields that the API does not know, but that look like its own, in {n}.",
    lambda api: "Send the API's name: an unknown field is ignored without a word, and the default applies.",
    "No field had a name that only looks like one of the API's.",
)
