"""The OpenAPI document of the sandbox: `openapi.json`, with the account's range of idle timeouts."""

from __future__ import annotations

import json
from importlib.resources import files

from loadtests.model.api.rules import Terms

PATH = "/openapi.json"


def document(terms: Terms) -> bytes:
    """Returns the document as JSON, with the range of `activity_idle_timeout` in `terms`."""
    content = json.loads(files(__package__).joinpath("openapi.json").read_bytes())
    low, high = terms.idle_range
    idle_timeout = content["components"]["schemas"]["New"]["properties"]["activity_idle_timeout"]
    idle_timeout.update(minimum=low, maximum=high, default=terms.idle_default)
    return json.dumps(content, ensure_ascii=False).encode()
