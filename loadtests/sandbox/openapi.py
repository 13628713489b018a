"""The sandbox's surface as an OpenAPI document: `openapi.json`, with the account's own range of idle timeouts."""

from __future__ import annotations

import json
from importlib.resources import files

from loadtests.model.api.rules import Terms

PATH = "/openapi.json"


def document(terms: Terms) -> bytes:
    """The document as JSON; what `terms` allow is what it says of `activity_idle_timeout`."""
    told = json.loads(files(__package__).joinpath("openapi.json").read_bytes())
    low, high = terms.idle_range
    idle_timeout = told["components"]["schemas"]["New"]["properties"]["activity_idle_timeout"]
    idle_timeout.update(minimum=low, maximum=high, default=terms.idle_default)
    return json.dumps(told, ensure_ascii=False).encode()
