"""Any API within the grammar of descriptions: other methods, paths, names, places, credentials and pages."""

from __future__ import annotations

from random import Random
from typing import Any

from loadtests.model.api.description.description import ApiDescription

METHODS = ("POST", "PUT", "PATCH", "DELETE")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def any_api(random: Random) -> ApiDescription:
    """Returns the description of an API that has every call that a run needs, drawn from `random`."""
    names = iter(_names(random, 20))
    data = random.choice([None, "/data", "/result"])
    before = data or ""
    in_path, has_token, keeps = random.random() < 0.5, random.random() < 0.5, random.random() < 0.5

    def call(place: int, **body: object) -> dict[str, Any]:
        path = f"/{place}/{next(names)}" + ("/{session_id}" if in_path and place else "")
        if not in_path and place:
            body[next(names)] = {"inner": "{session_id}"}
        if keeps and place:
            body["ticket"] = "{kept.ticket}"
        return {
            "method": random.choice(METHODS),
            "path": path,
            "body": body,
            "status": random.choice([200, 201, 202, 299]),
        }

    new = call(0, **{next(names): "{idle_timeout}"})
    new["answer"] = {"session_id": f"{before}/{next(names)}", "cap": f"{before}/{next(names)}"}
    if keeps:
        new["answer"]["keep"] = {"ticket": f"{before}/ticket"}
    calls = {
        "new": new,
        "task": {
            **call(1, **{next(names): "{text}"}),
            "answer": {"duration": f"{before}/{next(names)}", "duration_unit": random.choice(["s", "ms"])},
        },
        "keep_alive": _silent(random, call(2)),
        "stop": _silent(random, call(3)),
    }
    if random.random() < 0.5:
        calls["start"] = _silent(random, call(4))
    if has_token:
        new["auth"] = "token"
        calls["create_token"] = {"path": "/tokens", "answer": {"token": f"{before}/secret"}}
    rows = random.choice(["", "/rows", "/data/rows"])
    return ApiDescription.model_validate(
        {
            "name": "drawn",
            "key": {
                "header": random.choice(["x-key", "Authorization"]),
                "scheme": random.choice(["", "Basic"]),
            },
            "token": {"header": random.choice(["x-token", "Authorization"]), "scheme": "Ticket"},
            "idle_timeout": {"least": 0.5, "most": 3599, "default": 120},
            "answers": {
                "data": data,
                "code": random.choice([None, "/code", "/meta/code"]),
                "success": random.choice([0, 100]),
                "message": [random.choice(["/why", "/problem/text"])],
            },
            "calls": calls,
            "list": {
                "method": random.choice(["GET", "POST"]),
                "path": "/list",
                "query": random.choice([{}, {"state": "live"}]),
                "sessions": [rows],
                "id": f"/{next(names)}",
                "state": "/state",
                "open_states": random.choice([[], ["busy"]]),
                "created_form": random.choice(["s", "ms", "iso"]),
                "paging": _paging(random, rows),
            },
            "refusals": [
                {"status": random.choice([400, 403, 409, 429]), "text": "full up", "reason": "concurrency-limit"},
                {"status": 410, "text": "gone", "reason": "session-closed"},
                {"status": 404, "text": "never heard of it", "reason": "session-not-found"},
                {"status": 422, "text": "not so", "reason": "invalid"},
                {"status": 401, "reason": "unauthorized"},
            ],
        }
    )


def _paging(random: Random, rows: str) -> dict[str, Any]:
    token = {"by": "token", "next": "/next", "parameter": "cursor"}
    kinds = [{"by": "link"}, {"by": "page", "parameter": "page", "first": random.choice([0, 1])}]
    if rows:
        kinds += [token, {"by": "link", "next": "/more/next"}]
    return {**random.choice(kinds), "size": random.choice([1, 2, 100])}


def _silent(random: Random, call: dict[str, Any]) -> dict[str, Any]:
    """Returns `call`, perhaps acknowledged without a body."""
    return {**call, "empty": True, "status": random.choice([200, 204])} if random.random() < 0.5 else call


def _names(random: Random, count: int) -> list[str]:
    names: set[str] = set()
    while len(names) < count:
        names.add("".join(random.choices(_LETTERS, k=random.randint(2, 8))) + random.choice(["", "_id", "-x"]))
    return sorted(names, key=lambda name: random.random())
