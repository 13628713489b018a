"""The API keys of an audit. They are made up: no real key is needed."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from loadtests.http.key import key_variables
from loadtests.model.api.description.description import ApiDescription


@dataclass(frozen=True)
class AuditKeys:
    """Variables with keys, for the two processes of an audit."""

    key: str = field(repr=False)
    """The program's."""
    of_program: dict[str, str] = field(repr=False)
    of_sandbox: dict[str, str] = field(repr=False)
    """Empty values: it accepts any key."""

    @classmethod
    def of(cls, api: ApiDescription | None, *, is_hard_coded: bool) -> AuditKeys:
        """Returns new keys. `is_hard_coded`: the program may have a key of its own, which is accepted."""
        names, key = key_variables(api), secrets.token_urlsafe(24)
        return cls(key, dict.fromkeys(names, key), dict.fromkeys(names, "" if is_hard_coded else key))
