"""The harness's own memory over the run: a soak whose generator grows says little about the API's hours."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from .log import Log

# Of each process, and then together: a process that came later or was lost counts as what it last was.
_MEMORY = """
SELECT sum(first)::BIGINT AS first, sum(last)::BIGINT AS last, sum(peak)::BIGINT AS peak FROM (
    SELECT arg_min(value, t) AS first, arg_max(value, t) AS last, max(value) AS peak
    FROM events WHERE kind = 'memory' GROUP BY worker
)
"""


@dataclass(frozen=True)
class Memory:
    """Bytes that the load's processes held, all together; None: they did not tell, as in virtual time."""

    first: int | None
    """When the run began."""
    last: int | None
    """When all was closed."""
    peak: int | None
    """The most, of what was looked at once a minute."""

    def as_dict(self) -> dict[str, int | None]:
        """By name."""
        return asdict(self)


def build_memory(log: Log) -> Memory:
    """The figures, out of the events."""
    return Memory(**log.row(_MEMORY))
