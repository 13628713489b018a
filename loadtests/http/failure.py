"""Why a connection could not be opened: the API could not be reached, or this machine ran out of something."""

from __future__ import annotations

import errno
from collections.abc import Iterator

from loadtests.model.api.answer import Reason

_RESOURCES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL, errno.EAGAIN})
"""No more file descriptors, memory or local ports: connect(2), socket(2)."""


def connect_failure(error: BaseException) -> tuple[Reason, str]:
    """Returns the reason, and the operating system's name of the error ("ECONNREFUSED"); "" if it has none."""
    for cause in _causes(error):
        name = errno.errorcode.get(cause.errno or 0) if isinstance(cause, OSError) else None
        if name and isinstance(cause, OSError):
            return (Reason.OUT_OF_RESOURCES if cause.errno in _RESOURCES else Reason.CONNECT), name
    return Reason.CONNECT, ""


def in_words(error: OSError) -> str:
    """Says why a host cannot be reached, and what to check. `error` may be one whose text is the system's name of an error."""
    if isinstance(error, TimeoutError):
        return "no answer in time; check the address and firewalls"
    return _WORDS.get(str(error)) or _WORDS.get(connect_failure(error)[1]) or "the connection failed; check the address"


_WORDS = {
    "ECONNREFUSED": "the connection is refused; is the API running, and is the port right?",
    "EHOSTUNREACH": "there is no route to the host; check the network",
    "ENETUNREACH": "there is no route to the network; check the network",
    "ETIMEDOUT": "the connection timed out; check the address and firewalls",
    "EMFILE": "this machine has no more open files; raise `ulimit -n`",
}
"""By the operating system's name."""


def _causes(error: BaseException, depth: int = 8) -> Iterator[BaseException]:
    """Yields an error, and those that it wraps: `requests` and `urllib3` keep them as arguments, causes or reasons."""
    yield error
    if not depth:
        return
    inner = (error.__cause__, error.__context__, getattr(error, "reason", None), *error.args)
    for cause in inner:
        if isinstance(cause, BaseException) and cause is not error:
            yield from _causes(cause, depth - 1)
