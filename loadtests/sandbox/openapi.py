"""The OpenAPI document of the sandbox, with the account's range of idle timeouts.

That of the default API is `openapi.json`, in full. Of any other API the description has less to say: its calls and their paths.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from loadtests.model.api.description.call import CallDescription
from loadtests.model.api.description.description import ApiDescription
from loadtests.model.api.rules import Terms

PATH = "/openapi.json"


def document(api: ApiDescription, terms: Terms) -> bytes:
    """Returns the document as JSON."""
    content = _default(terms) if api.is_default else _described(api)
    return json.dumps(content, ensure_ascii=False).encode()


def _default(terms: Terms) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(files(__package__).joinpath("openapi.json").read_bytes())
    low, high = terms.idle_range
    idle_timeout = content["components"]["schemas"]["New"]["properties"]["activity_idle_timeout"]
    idle_timeout.update(minimum=low, maximum=high, default=terms.idle_default)
    return content


def _described(api: ApiDescription) -> dict[str, Any]:
    title = _default(Terms())["info"]["title"]
    paths: dict[str, Any] = {}
    calls: dict[str, CallDescription] = {
        **{str(o): c for o, c in api.calls.items()},
        **({"list": api.list} if api.list else {}),
    }
    for operation, call in calls.items():
        answers = {str(call.status): {"description": "Success"}, "default": {"description": "Refusal"}}
        paths.setdefault(call.path, {})[call.method.lower()] = {"operationId": str(operation), "responses": answers}
    about = {"title": title, "version": "1", "description": api.about or api.name}
    return {"openapi": "3.1.0", "info": about, "paths": paths}
