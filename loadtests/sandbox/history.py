"""KonPro's second list: all sessions, open and closed, page by page."""

from __future__ import annotations

from typing import Any

import msgspec

from loadtests.model.api.reply import Reply, invalid
from loadtests.model.api.rules import HostedSession, Rules, Status

_PAGE = 100


def history(rules: Rules, wall: float, now: float, asked: dict[str, Any]) -> Reply:
    """Returns the page that the query `asked` asks for. `wall`: Unix time minus the rules' time."""
    rules.advance(now)
    try:
        size = min(max(_whole(asked.get("page_size", _PAGE)), 1), _PAGE)
        token = _whole(asked.get("pagination_token", 1))
        page = max(_whole(asked.get("page", token)), 1)
    except msgspec.ValidationError:
        return invalid("page, pagination_token and page_size must be whole numbers")
    status = asked.get("status")
    rows = [*rules.closed.values(), *rules.open.values()]
    rows = [row for row in rows if status is None or row.status == status]
    shown = rows[(page - 1) * size : page * size]
    more = str(page + 1) if page * size < len(rows) else None
    data = [_row(row, wall, now) for row in shown]
    return Reply(
        data={"total": len(rows), "page": page, "page_size": size, "next_pagination_token": more, "data": data}
    )


def _row(session: HostedSession, wall: float, now: float) -> dict[str, Any]:
    ended = session.ended if session.status is Status.CLOSED else now
    return {
        "session_id": session.id,
        "status": session.status.value,
        "created_at": int(session.created + wall),
        "duration": round(ended - session.created, 3),
    }


def _whole(text: str | int) -> int:
    # Parsed like a JSON number: `int` would accept "1_0" and digits of any script.
    return msgspec.convert(text, int, strict=False)
