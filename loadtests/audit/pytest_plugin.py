"""The pytest fixture `session_audit`: a sandbox for a test of a client. The test fails if it leaves a session open.

    @pytest.mark.session_audit(limit=3, idle_range=(5, "10m"), defects=["lost-answer=30%"], seed=1)
    def test_conversation(session_audit): …

pytest loads this module wherever streamsoak is installed, so slow imports are inside the functions.
"""

from __future__ import annotations

import secrets
from collections.abc import Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from loadtests.sandbox.process import SandboxProcess

_NAME = "session_audit"
_MARKER = f"{_NAME}(limit, idle_range, defects, seed): the sandbox's account, and what goes wrong with it"


class SessionAudit:
    """The sandbox of one test."""

    def __init__(self, sandbox: SandboxProcess) -> None:
        self._sandbox = sandbox
        self._is_checked = False
        self.url = sandbox.url
        """The API's address, also in STREAMSOAK_BASE_URL and KONPRO_BASE_URL."""

    def open_sessions(self) -> list[str]:
        """Returns the ids of the sessions that are open."""
        return list(self._sandbox.open_sessions())

    def check(self) -> None:
        """Fails the test if a session is open, once."""
        left = [] if self._is_checked else self.open_sessions()
        self._is_checked = True
        if left:
            pytest.fail(f"sessions left open (no streaming.stop): {', '.join(left)}", pytrace=False)


def pytest_configure(config: pytest.Config) -> None:
    """Declares the marker."""
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture
def session_audit(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[SessionAudit]:
    """Starts a sandbox, sets the variables of its address and the key; the test fails if it leaves a session open.

    STREAMSOAK_BASE_URL and KONPRO_BASE_URL, STREAMSOAK_API_KEY and KONPRO_API_KEY.
    """
    from loadtests.audit.audit import ADDRESS_VARIABLES
    from loadtests.http.key import key_variables
    from loadtests.model.text.input_error import InputError
    from loadtests.sandbox.process import SandboxProcess

    key = secrets.token_urlsafe(24)
    for name in key_variables():
        monkeypatch.setenv(name, key)
    marker = request.node.get_closest_marker(_NAME)
    try:
        sandbox = SandboxProcess(_options(**marker.kwargs) if marker else ())
    except (InputError, TypeError) as error:
        pytest.fail(f"pytest.mark.{_NAME}: {error}", pytrace=False)
    try:
        for name in ADDRESS_VARIABLES:
            monkeypatch.setenv(name, sandbox.url)
        audit = SessionAudit(sandbox)
        yield audit
        audit.check()
    finally:
        sandbox.close()


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Checks at the end of the test's own function, so that the test fails: a fixture could only be an error beside it."""
    result = yield
    audit = pyfuncitem.funcargs.get(_NAME)
    if isinstance(audit, SessionAudit):
        if audit.open_sessions():
            _finish_clients(pyfuncitem)
        audit.check()
    return result


def _finish_clients(item: pytest.Function) -> None:
    """Ends the test's fixtures that use ours, as pytest would do next: they may close sessions."""
    # Any: pytest has no public names for these.
    request, definitions = item._request, item._fixtureinfo.name2fixturedefs
    for name in reversed(list(definitions)):
        definition: Any = definitions[name][-1]
        if definition.scope == "function" and _NAME in _used_by(definition, definitions) and name in item.funcargs:
            definition.finish(request)


def _used_by(definition: Any, definitions: Any) -> set[str]:
    names = set(definition.argnames)
    for name in definition.argnames:
        for inner in definitions.get(name, ())[-1:]:
            if inner is not definition:
                names |= _used_by(inner, definitions)
    return names


def _options(
    limit: int | None = None,
    idle_range: tuple[float | str, float | str] | None = None,
    defects: Sequence[str] = (),
    seed: int = 0,
) -> list[str]:
    """Returns the sandbox's options. Raises InputError."""
    from loadtests.defects.account import check_fit
    from loadtests.defects.catalogue import parse_defects
    from loadtests.model.api.rules import Terms

    check_fit(Terms(limit), parse_defects(defects, "defects"))
    options = [f"--seed={seed}", *(f"--defect={defect}" for defect in defects)]
    options += [f"--limit={limit}"] if limit is not None else []
    return [*options, f"--idle-range={idle_range[0]}:{idle_range[1]}"] if idle_range else options
