"""Keep-alives that are all answered "success", and the session dies all the same."""

from __future__ import annotations

from loadtests.model.draw import Draw
from loadtests.model.rules import DONE, Reply, Rules
from loadtests.model.service import Ask, Service
from loadtests.model.surface import Operation

from .defect import Defect, sample, share


def _around(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    is_chosen = sample(draw, value)

    def answer(now: float, ask: Ask) -> Reply:
        if ask.operation is Operation.KEEP_ALIVE and is_chosen(ask.session_id) and rules.is_open(now, ask.session_id):
            return DONE
        return service(now, ask)

    return answer


DEFECT = Defect(
    "keepalive-ignored",
    "keep_alive succeeds and does not reset the idle timer",
    share("of the sessions", default=1.0),
    around=_around,
)
