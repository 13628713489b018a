"""`retry-storm`: `new` again and again, without a growing pause."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from loadtests.model.api.answer import FULL
from loadtests.model.text.units import format_duration
from reports.analysis.client import Client, ClientCall
from reports.audit.check import CallCheck
from reports.findings.finding import Finding
from reports.findings.retry_storm import BACK_OFF, STORM_REFUSALS, STORM_SECONDS


def _look(client: Client) -> Finding | None:
    refused = [call for call in client.refused if call.reason in FULL]
    worst = max(_chains(refused), key=len, default=[])
    if len(worst) < STORM_REFUSALS or _backs_off(worst):
        return None
    took = format_duration(worst[-1].t - worst[0].t)
    return Finding(
        "retry-storm",
        "problem",
        "your client",
        "likely",
        f"new was refused {len(worst)} times within {took} ({worst[0].reason}), each sent within"
        f" {STORM_SECONDS:g} s of the one before.",
        "Wait longer after each refusal (1, 2, 4 … s, with jitter); a full account has room only when a session is closed.",
    )


def _chains(refused: Iterable[ClientCall]) -> list[list[ClientCall]]:
    chains: list[list[ClientCall]] = []
    for call in refused:
        if chains and call.t - chains[-1][-1].t < STORM_SECONDS:
            chains[-1].append(call)
        else:
            chains.append([call])
    return chains


def _backs_off(chain: list[ClientCall]) -> bool:
    pauses = [after.t - before.t for before, after in pairwise(chain)]
    return all(after >= BACK_OFF * before for before, after in pairwise(pauses)) and len(pauses) > 1


CHECK = CallCheck("retry-storm", _look)
