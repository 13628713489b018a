"""A codec that has read other answers before reads each of them as a new one does."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from loadtests.http.codec import Codec
from loadtests.http.exchange import Exchange
from loadtests.http.route import route_to
from loadtests.model.api.answer import Reason
from loadtests.model.api.description.default import default_api
from loadtests.model.api.description.description import ApiDescription, load_description
from loadtests.model.api.operation import Operation

_BODIES = (
    b"",
    b'{"code":100,"message":"success","data":null}',
    b'{"code":100,"message":"success"}',
    b'{"code":100,"message":"success","data":{"session_id":"one","duration_ms":1500}}',
    b'{"code":100,"message":"success","data":{"session_id":"two","session_duration_limit":60}}',
    b'{"code":10002,"message":"concurrent limit reached"}',
    b'{"data":{"token":"a"}}',
    b"<html>",
)
_APIS = {
    path.stem: load_description(path) for path in sorted((Path(__file__).parents[2] / "profiles/apis").glob("*.toml"))
}
_EXCHANGES = st.builds(
    Exchange,
    sent=st.floats(0, 10),
    answered=st.floats(10, 20),
    connecting=st.just(0.0),
    # Few statuses, and half of the bodies one of two: most exchanges are like an earlier one, but for one field.
    status=st.sampled_from([200, 200, 204, 429, 0]),
    body=st.sampled_from(_BODIES[:2]) | st.sampled_from(_BODIES),
    retry_after=st.sampled_from([0.0, 0.0, 3.0]),
    failure=st.sampled_from([Reason.NONE, Reason.NONE, Reason.TIMEOUT, Reason.UNREADABLE]),
    was_sent=st.booleans(),
    was_repeated=st.booleans(),
    error=st.sampled_from(["", "ConnectError"]),
    head=st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n\r\n"]),
)
_EMPTY = Exchange(0.0, 1.0, 0.0, 200)


def _codec(api: ApiDescription) -> Codec:
    return Codec(route_to("http://127.0.0.1:1"), api, "key", {})


def _check_independence(api: ApiDescription, exchanges: list[tuple[Operation, Exchange]]) -> None:
    codec = _codec(api)
    for operation, exchange in exchanges:
        assert codec.decode(operation, exchange) == _codec(api).decode(operation, exchange)


@pytest.mark.parametrize("name", _APIS)
@given(st.data())
def test_what_was_read_before_changes_no_answer(name: str, data: st.DataObject) -> None:
    """Acknowledgements without values are known again by their bytes: only those, and only for the same call."""
    operations = data.draw(st.lists(st.sampled_from(tuple(_APIS[name].calls)), min_size=1, max_size=2))
    _check_independence(
        _APIS[name], data.draw(st.lists(st.tuples(st.sampled_from(operations), _EXCHANGES), max_size=12))
    )


@pytest.mark.parametrize(
    "second",
    [
        structs.replace(_EMPTY, failure=Reason.UNREADABLE),
        structs.replace(_EMPTY, failure=Reason.TIMEOUT),
        structs.replace(_EMPTY, was_repeated=True),
        structs.replace(_EMPTY, status=204),
    ],
)
def test_empty_acknowledgement_is_known_again_only_whole(second: Exchange) -> None:
    """An answer whose body could not be decoded has none, as an empty acknowledgement has none."""
    _check_independence(default_api(), [(Operation.KEEP_ALIVE, _EMPTY), (Operation.KEEP_ALIVE, second)])
