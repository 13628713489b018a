"""A codec that has read other answers before reads each of them as a new one does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from loadtests.http.codec import Codec
from loadtests.http.exchange import Exchange
from loadtests.http.route import route_to
from loadtests.model.api.answer import Reason
from loadtests.model.api.description.default import default_api
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
_OPERATIONS = tuple(default_api().calls)
_EXCHANGES = st.builds(
    Exchange,
    sent=st.floats(0, 10),
    answered=st.floats(10, 20),
    connecting=st.just(0.0),
    status=st.sampled_from([0, 200, 201, 204, 400, 429, 500]),
    body=st.sampled_from(_BODIES),
    failure=st.sampled_from([Reason.NONE, Reason.NONE, Reason.NONE, Reason.TIMEOUT]),
    was_repeated=st.booleans(),
)


def _codec() -> Codec:
    return Codec(route_to("http://127.0.0.1:1"), default_api(), "key", {})


@given(st.lists(st.tuples(st.sampled_from(_OPERATIONS), _EXCHANGES), max_size=12))
def test_what_was_read_before_changes_no_answer(exchanges: list[tuple[Operation, Exchange]]) -> None:
    """Acknowledgements without values are known again by their bytes: only those, and only for the same call."""
    codec = _codec()
    for operation, exchange in exchanges:
        assert codec.decode(operation, exchange) == _codec().decode(operation, exchange)
