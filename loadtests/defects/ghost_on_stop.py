"""A session that the list shows and stop cannot find: it blocks the limit until somebody closes it by hand."""

from __future__ import annotations

from loadtests.model.draw import Draw
from loadtests.model.rules import Reply, Rules
from loadtests.model.service import Ask, Service
from loadtests.model.surface import Operation

from .defect import Defect, sample, share


def _around(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    is_chosen = sample(draw, value)
    ghosts: set[str] = set()

    def answer(now: float, ask: Ask) -> Reply:
        session_id = ask.session_id
        if ask.operation is Operation.STOP and rules.is_open(now, session_id) and is_chosen(session_id):
            ghosts.add(session_id)
            rules.open[session_id].hold()
        if session_id in ghosts:
            return Reply(404, 400004, f"Session does not exist. SessionID: {session_id}")
        return service(now, ask)

    return answer


DEFECT = Defect(
    "ghost-on-stop",
    "stop does not find a session that the list shows, and that is never closed from then on",
    share("of the sessions that are stopped", default=1.0),
    around=_around,
)
