"""Finds the call that a client may have meant by a request that is no call of the API: a wrong method, a misspelt path, a close
call by another name.
"""

from __future__ import annotations

import difflib
import re

from loadtests.model.api.description.call import CallDescription
from loadtests.model.api.description.description import ApiDescription
from loadtests.model.api.operation import Operation
from loadtests.model.text.suggestion import words_of

LONGEST_PATH = 180
"""Characters; longer paths are like none, which bounds the time that a comparison takes."""
_FIELD = re.compile(r"\{[^{}]*\}")
_VERSION = re.compile(r"v\d+(alpha|beta)?\d*")
_SIMILAR = 0.75
"""Least similarity of two paths, by difflib."""

_RESOURCES = frozenset({"session", "sessions", "stream", "streams", "streaming", "conversation", "conversations"})
_VERBS: tuple[tuple[frozenset[str], Operation], ...] = (
    (frozenset({"token", "tokens"}), Operation.CREATE_TOKEN),
    (frozenset({"keepalive", "alive", "ping", "heartbeat", "touch", "refresh"}), Operation.KEEP_ALIVE),
    (frozenset({"interrupt", "cancel", "abort"}), Operation.INTERRUPT),
    (
        frozenset({"stop", "close", "end", "terminate", "delete", "destroy", "kill", "disconnect", "leave", "finish"}),
        Operation.STOP,
    ),
    (frozenset({"start", "connect"}), Operation.START),
    (frozenset({"task", "speak", "talk", "say", "message", "chat", "ask"}), Operation.TASK),
    (frozenset({"new", "create", "open", "begin", "init"}), Operation.NEW),
    (frozenset({"list", "active"}), Operation.LIST),
)
"""Words in the names of other APIs' calls; the first that a path has counts."""


def similar_call(api: ApiDescription, method: str, path: str) -> tuple[Operation, str] | None:
    """Returns the call that is most like the request, with its method and path as the description has them; None: none is."""
    if len(path) > LONGEST_PATH:
        return None
    calls: dict[Operation, CallDescription] = {**api.calls, **({Operation.LIST: api.list} if api.list else {})}
    operation = _same_path(calls, method, path) or _same_meaning(calls, method, path) or _similar_path(calls, path)
    return None if operation is None else (operation, calls[operation].request_line)


def _same_path(calls: dict[Operation, CallDescription], method: str, path: str) -> Operation | None:
    """The call whose path differs in case, slashes, the version or the method only."""
    found = [operation for operation, call in calls.items() if _pattern(call.path).fullmatch(_plain(path))]
    others = () if method == "DELETE" else found
    return next((one for one in found if calls[one].method == method), next(iter(others), None))


def _same_meaning(calls: dict[Operation, CallDescription], method: str, path: str) -> Operation | None:
    """The call that does what the words of the path, or DELETE, say. It has to be about the same kind of thing."""
    words = words_of(path)
    joined = "".join(words)
    known = _RESOURCES | {word for call in calls.values() for word in _things(call.path)}
    if not known & set(words):
        return None
    listening = next(
        (one for one in (Operation.START_LISTENING, Operation.STOP_LISTENING) if _bare(one) in joined), None
    )
    meant = [listening] if listening else [each for verbs, each in _VERBS if verbs & set(words)]
    if "keepalive" in joined:
        meant.insert(0, Operation.KEEP_ALIVE)
    if method == "DELETE":
        meant.append(Operation.STOP)
    elif words[-1] in _RESOURCES:
        meant.append(Operation.LIST if method == "GET" else Operation.NEW)
    return next((one for one in meant if one in calls), None)


def _similar_path(calls: dict[Operation, CallDescription], path: str) -> Operation | None:
    paths = {_plain(call.path): operation for operation, call in calls.items()}
    near = difflib.get_close_matches(_plain(path), paths, n=1, cutoff=_SIMILAR)
    return paths[near[0]] if near else None


def _plain(path: str) -> str:
    """The path in lower case without empty parts and version."""
    parts = [part for part in path.lower().split("/") if part]
    return "/".join(part for part in parts if not _VERSION.fullmatch(part))


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile("[^/]+".join(map(re.escape, _FIELD.split(_plain(path)))))


def _things(path: str) -> list[str]:
    """The words of a path that stand for things: all but those of its last part."""
    before = re.split(r"[/.]", _FIELD.sub("", _plain(path)))[:-1]
    return [word for part in before for word in words_of(part)]


def _bare(operation: Operation) -> str:
    return operation.value.replace("_", "")
