"""Descriptions of APIs: what is a mistake in one, and that the shipped ones say the same to client and sandbox."""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.http.codec import Codec
from loadtests.http.exchange import Exchange
from loadtests.http.key import api_key, key_variables
from loadtests.http.route import route_to
from loadtests.model.api.answer import Answer, Outcome, Reason
from loadtests.model.api.description.changes import ApiChanges
from loadtests.model.api.description.default import default_api
from loadtests.model.api.description.description import ApiDescription, build_description
from loadtests.model.api.description.pointer import getter, put
from loadtests.model.api.description.template import fields_in, json_pieces, parts, pointer_of
from loadtests.model.api.operation import USUAL_ACTIVITY, USUAL_REPEATABLE, Operation
from loadtests.model.api.reply import CLOSED, DONE, FULL, NOT_FOUND, Reply, invalid
from loadtests.model.api.routing import Route
from loadtests.model.api.rules import HostedSession
from loadtests.model.api.service import ApiRequest
from loadtests.model.session.session import Session
from loadtests.model.session.steps import Call
from loadtests.model.text.input_error import InputError
from loadtests.observing.session_list import ListAnswer, PageRequest, read_sessions
from loadtests.sandbox.wire import Wire
from loadtests.scenarios.catalogue import api_files, named_api
from tests.any_api import any_api

SHIPPED = [named_api(str(file)) for file in api_files()]
MINIMAL: dict[str, Any] = {
    "name": "mine",
    "calls": {
        "new": {"path": "/open", "answer": {"session_id": "/id"}},
        "stop": {"path": "/close", "body": {"id": "{session_id}"}},
    },
}
WORDS = st.text("abcdefghij_-", min_size=1, max_size=8)
POINTERS = st.lists(WORDS, min_size=1, max_size=3).map(lambda names: "/" + "/".join(names))


def with_changes(**calls: object) -> dict[str, Any]:
    """The least description, with other or further calls."""
    return {**MINIMAL, "calls": {**MINIMAL["calls"], **calls}}


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        ({"name": "mine", "calls": {}}, "[calls.new] is required"),
        (with_changes(new={"path": "/open"}), "calls.new.answer.session_id is required"),
        (
            with_changes(stop={"path": "close"}),
            'calls.stop.path: must be printable ASCII without spaces and start with "/"',
        ),
        (with_changes(stop={"path": "/close/{id}"}), "has the unknown field {id} (known: session_id, idle_timeout"),
        (with_changes(stop={"path": "/close/{session_id"}), "has a brace without its pair"),
        (with_changes(stop={"path": "/close", "body": {"a": "{kept.b}"}}), "uses {kept.b}, which no answer keeps"),
        (
            with_changes(stop={"path": "/close", "auth": "token"}),
            "calls.create_token.answer.token does not say where it is",
        ),
        (
            with_changes(stop={"path": "/close", "answer": {"cap": "cap"}}),
            "calls.stop.answer.cap: must be a JSON Pointer",
        ),
        (with_changes(hang_up={"path": "/x"}), "calls.hang_up: is no call (known: create_token, new, start"),
        (with_changes(stop={"path": "/close", "example": "{"}), "calls.stop.example: is not JSON"),
        ({**MINIMAL, "idle_timeout": {"least": 60, "default": 30}}, "requires least ≤ default ≤ most"),
        ({**MINIMAL, "refusals": [{"reason": "quota"}]}, "requires `status`, `code` or `text`"),
        ({**MINIMAL, "key": {"variables": ["MY KEY"]}}, "key.variables.0"),
    ],
)
def test_a_mistake_is_told_with_its_key(tables: dict[str, Any], says: str) -> None:
    """File, key, and what would be right."""
    with pytest.raises(InputError) as caught:
        build_description("mine.toml", tables)
    assert says in str(caught.value)
    assert str(caught.value).startswith("mine.toml")


def test_every_mistake_is_told_at_once() -> None:
    """Not only the first: of keys, of values, and of what does not fit together."""
    with pytest.raises(InputError) as caught:
        build_description(
            "mine.toml",
            with_changes(new={"path": "open"}, stop={"path": "/x", "verb": "POST"}, keep_alve={"path": "x"}),
        )
    assert {mistake.path for mistake in caught.value.mistakes} == {
        "calls.new.path",
        "calls.stop.verb",
        "calls.keep_alve",
        "calls.keep_alve.path",
    }
    with pytest.raises(InputError) as caught:
        build_description("mine.toml", {"name": "mine", "calls": {"start": {"path": "/{kept.a}", "auth": "token"}}})
    assert len(caught.value.mistakes) == 4


@pytest.mark.parametrize(
    ("tables", "meant"),
    [
        (with_changes(keep_alve={"path": "/x"}), "keep_alive"),
        (with_changes(stop={"path": "/{sesion_id}"}), "session_id"),
        (with_changes(stop={"path": "/x", "auth": "tokn"}), "token"),
        ({**MINIMAL, "refusals": [{"text": "x", "reason": "sesion-full"}]}, "session-full"),
        ({**MINIMAL, "anwsers": {}}, "answers"),
        ({**MINIMAL, "list": {"path": "/l", "paging": {"by": "lnk"}}}, "link"),
    ],
)
def test_what_was_meant_is_suggested(tables: dict[str, Any], meant: str) -> None:
    """For names of calls, fields, keys and choices."""
    with pytest.raises(InputError, match=f"did you mean '{meant}'"):
        build_description("mine.toml", tables)


def test_which_calls_are_activities_is_described() -> None:
    """Not given, as at the default API; an opened session's calls only."""
    api = build_description("mine.toml", with_changes(task={"path": "/t", "activity": False}, start={"path": "/s"}))
    assert api.activity == {Operation.START}
    assert api.repeatable == {Operation.STOP}
    assert (
        build_description("mine.toml", with_changes(stop={"path": "/x", "repeatable": False})).repeatable == frozenset()
    )
    assert default_api().activity == USUAL_ACTIVITY
    assert default_api().repeatable == USUAL_REPEATABLE
    with pytest.raises(InputError, match=r"calls\.stop\.activity must not be true"):
        build_description("mine.toml", with_changes(stop={"path": "/x", "activity": True}))


def test_an_unknown_api_is_told_with_the_known_ones() -> None:
    """As for profiles and scenarios."""
    with pytest.raises(InputError, match=r"no API 'konpo' \(known: browserbase, d-id, konpro"):
        named_api("konpo")


@pytest.mark.parametrize("api", SHIPPED, ids=lambda api: api.name)
def test_the_key_comes_from_the_variable_of_the_api(api: ApiDescription, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that its users have already, unless the common one is set; it goes where the API takes it."""
    for variable in key_variables(api):
        monkeypatch.delenv(variable, raising=False)
    (own,) = api.key.variables
    monkeypatch.setenv(own, "own-key")
    assert api_key(api) == "own-key"
    request = Codec(route_to("http://127.0.0.1:1"), api, api_key(api), {}).encode(
        Call(_session(api), Operation.STOP, 0.0)
    )
    assert f"\r\n{api.key.header}: {api.key.prefix}own-key\r\n".encode() in request
    monkeypatch.setenv("STREAMSOAK_API_KEY", "common-key")
    assert api_key(api) == "common-key"


def test_renamed_ids_are_answered_under_their_name() -> None:
    """The sandbox of an API that differs from the default one by the name of its ids."""
    api = ApiChanges(session_id="sid").applied(default_api())
    opened = _Side(api).reads(Operation.NEW, Reply(data={"session_id": "s-1"}))
    assert (opened.outcome, opened.session_id) == (Outcome.OK, "s-1")


def test_paths_with_fields_need_a_description() -> None:
    """A scenario's [api] table would send the braces as they are."""
    with pytest.raises(ValueError, match=r"docs/apis\.md"):
        ApiChanges(stop="/v2/conversations/{session_id}/end")


def test_changes_are_applied_to_the_default_api() -> None:
    """Other names, and a call that the API does not have."""
    api = ApiChanges(new="/open", keep_alive="", list="", session_id="sid", idle_timeout="idle").applied(default_api())
    assert (api.path(Operation.NEW), api.has(Operation.KEEP_ALIVE), api.list) == ("/open", False, None)
    assert api.calls[Operation.NEW].body == {"idle": "{idle_timeout}"}
    assert api.calls[Operation.STOP].body == {"sid": "{session_id}"}
    assert api.calls[Operation.NEW].answer.session_id == "/data/sid"


# Pointers and templates.


@given(POINTERS, st.integers())
def test_a_value_is_found_where_it_was_put(pointer: str, value: int) -> None:
    """Also below objects that did not exist."""
    document: dict[str, Any] = {}
    put(document, pointer, value)
    assert getter(pointer)(document) == value


def test_pointers_are_those_of_rfc_6901() -> None:
    """The examples of its section 5 that concern objects and arrays."""
    document = {"foo": ["bar", "baz"], "": 0, "a/b": 1, "m~n": 8}
    for pointer, value in (("", document), ("/foo/0", "bar"), ("/", 0), ("/a~1b", 1), ("/m~0n", 8), ("/foo/7", None)):
        assert getter(pointer)(document) == value


def test_a_field_alone_keeps_its_type() -> None:
    """Within a text it is text; double braces are braces."""
    assert json_pieces({"a": 1, "b": "{{x}}"}) == (b'{"a":1,"b":"{x}"}',)
    pieces = json_pieces({"a": "{idle_timeout}", "b": "for {session_id}"})
    assert [piece for piece in pieces if not isinstance(piece, bytes)] == [
        ("idle_timeout", False),
        ("session_id", True),
    ]
    assert list(parts("{{{text}}}")) == ["{", ("text", True), "}"]
    assert pointer_of({"a": {"b/c": "{text}"}}, "text") == "/a/b~1c"
    assert set(fields_in({"a": ["{token}", {"b": "x{kept.y}"}]})) == {"token", "kept.y"}


# The client's bytes and the sandbox's are of one API.


class _Side:
    """Codec and sandbox of one API, without a socket between them."""

    def __init__(self, api: ApiDescription) -> None:
        self.api = api
        self.codec = Codec(route_to("http://127.0.0.1:1/base"), api, "the-key", {})
        self.wire = Wire(api, 1_700_000_000.0)

    def arrives(self, call: Call) -> tuple[Route, ApiRequest | Reply]:
        """What the sandbox takes a call for."""
        head, _, body = self.codec.encode(call).partition(b"\r\n\r\n")
        first = head.split(b"\r\n")[0].decode()
        found = re.fullmatch(r"(\w+) /base(/\S*) HTTP/1\.1", first)
        assert found, first
        assert f"Content-Length: {len(body)}".encode() in head
        route = self.wire.find(found[1], unquote(found[2]), found[2].encode())
        assert route is not None, first
        asked = json.loads(body) if body else {}
        return route[0], route[0].request(asked, route[1], call.session.id)

    def reads(self, operation: Operation, reply: Reply) -> Answer:
        """What the client makes of a reply."""
        (route,) = (route for route in self.wire.routes if route.operation is operation)
        if reply.is_success:
            kept = {name: f"{name}-1" for name in route.call.answer.keep}
            status, body = route.call.status, self.wire.body(route, reply, kept)
        else:
            status, body = self.wire.refusal(reply)
        exchange = Exchange(0.0, 0.0, 0.0, status, body)
        return self.codec.decode(operation, exchange)


def _session(api: ApiDescription) -> Session:
    session = Session.from_ledger(7, "an id/with ü")
    session.idle_timeout = api.idle_timeout.default
    session.kept = {"token": "a-token", **{name: "v" for call in api.calls.values() for name in call.answer.keep}}
    return session


def _check(api: ApiDescription) -> None:
    """Each call arrives as what it is, and each reply is read as what it says."""
    side, session = _Side(api), _session(api)
    for operation, call in api.calls.items():
        route, request = side.arrives(Call(session, operation, 0.0, words=5))
        assert route.operation is operation
        assert isinstance(request, ApiRequest), request
        if "session_id" in call.fields:
            assert request.session_id == session.id
        if "idle_timeout" in call.fields:
            assert request.idle_timeout == api.idle_timeout.default
        if "text" in call.fields:
            assert request.words == 5
        if operation not in (Operation.NEW, Operation.CREATE_TOKEN):
            assert side.reads(operation, DONE).outcome is Outcome.OK
        for refused, reason in (
            (FULL, Reason.CONCURRENCY),
            (CLOSED, Reason.CLOSED),
            (NOT_FOUND, Reason.MISSING),
            (invalid("x"), Reason.INVALID),
        ):
            if api.wording(reason):
                assert side.reads(operation, refused).reason is reason
    opened = side.reads(Operation.NEW, Reply(data={"session_id": "s-1", "session_duration_limit": 60}))
    assert (opened.outcome, opened.session_id) == (Outcome.OK, "s-1")
    assert opened.value == (60 if api.calls[Operation.NEW].answer.cap else 0)
    if api.list is not None:
        hosted = tuple(HostedSession(f"s-{n}", 10.0, 60.0, 3600.0) for n in range(3))

        def page(wanted: PageRequest) -> ListAnswer:
            asked = parse_qsl(urlsplit(wanted.link).query) or [(name, str(text)) for name, text in wanted.query.items()]
            return ListAnswer(*side.wire.list_body(Reply(data=hosted), dict(asked)))

        assert read_sessions(page, page(PageRequest()), api.list).sessions == {
            f"s-{n}": 1_700_000_010.0 for n in range(3)
        }


@pytest.mark.parametrize("api", SHIPPED, ids=lambda api: api.name)
def test_client_and_sandbox_of_a_shipped_api_understand_each_other(api: ApiDescription) -> None:
    """Requests, refusals, ids, caps and the list."""
    assert api.sources
    _check(api)


@given(st.integers(0, 2**32))
def test_client_and_sandbox_of_any_api_understand_each_other(seed: int) -> None:
    """Within the grammar, whatever the words are."""
    _check(any_api(Random(seed)))


def test_the_schema_names_every_key(tmp_path: Path) -> None:
    """For editors: `streamsoak apis --schema`."""
    properties = ApiDescription.model_json_schema()["properties"]
    assert {"key", "token", "idle_timeout", "answers", "calls", "list", "refusals"} <= set(properties)
