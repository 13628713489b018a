"""The pytest fixture `session_audit`: a sandbox for a test of a client. The test fails if it leaves a session open.

    @pytest.mark.session_audit(limit=3, idle_range=(5, "10m"), defects=["lost-answer=30%"], seed=1)
    def test_conversation(session_audit): …

    @pytest.mark.session_audit(intercept=True, allow_hosts=["auth.example.com"])
    def test_of_a_client_with_a_fixed_address(session_audit): …

pytest loads this module wherever streamsoak is installed, so slow imports are inside the functions.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from loadtests.interception.policy import Policy
    from loadtests.sandbox.process import SandboxProcess

_NAME = "session_audit"
_MARKER = (
    f"{_NAME}(limit, idle_range, defects, seed, intercept, allow_hosts): the sandbox's account, what goes wrong with it, and"
    " whether it answers for the API's real address"
)


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

    STREAMSOAK_BASE_URL and KONPRO_BASE_URL, STREAMSOAK_API_KEY and KONPRO_API_KEY; with `intercept=True` also those of proxies
    and certificates.
    """
    from loadtests.audit.audit import ADDRESS_VARIABLES
    from loadtests.audit.keys import AuditKeys
    from loadtests.interception.environment import PRELOAD_SETTINGS
    from loadtests.interception.preload.sitecustomize import redirecting
    from loadtests.model.text.input_error import InputError
    from loadtests.sandbox.process import SandboxProcess

    marker = request.node.get_closest_marker(_NAME)
    with contextlib.ExitStack() as stack:
        try:
            policy, options = _settings(**marker.kwargs) if marker else (None, [])
            keys = AuditKeys.of(None, is_hard_coded=policy is not None)
            sandbox = stack.enter_context(contextlib.closing(SandboxProcess(options, keys.of_sandbox)))
            variables = {**dict.fromkeys(ADDRESS_VARIABLES, sandbox.url), **keys.of_program}
            variables |= _network(policy, sandbox.url, stack)
        except (InputError, TypeError) as error:
            pytest.fail(f"pytest.mark.{_NAME}: {error}", pytrace=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        if PRELOAD_SETTINGS in variables:
            monkeypatch.setattr(socket, "getaddrinfo", redirecting(socket.getaddrinfo, variables[PRELOAD_SETTINGS]))
        audit = SessionAudit(sandbox)
        yield audit
        audit.check()


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


def _network(policy: Policy | None, sandbox: str, stack: contextlib.ExitStack) -> dict[str, str]:
    """Returns the variables for proxies and certificates; `stack` ends what is started for them. Raises InputError."""
    from loadtests.interception.environment import exempting
    from loadtests.interception.process import InterceptionProcess

    if policy is None:
        return exempting(sandbox, os.environ)
    return stack.enter_context(contextlib.closing(InterceptionProcess(policy, sandbox))).variables(os.environ)


def _settings(
    limit: int | None = None,
    idle_range: tuple[float | str, float | str] | None = None,
    defects: Sequence[str] = (),
    seed: int = 0,
    intercept: bool = False,
    allow_hosts: Sequence[str] = (),
) -> tuple[Policy | None, list[str]]:
    """Returns what is intercepted, and the sandbox's options. Raises InputError."""
    from loadtests.defects.account import check_fit
    from loadtests.defects.catalogue import parse_defects
    from loadtests.interception.policy import api_policy
    from loadtests.model.api.description.default import default_api
    from loadtests.model.api.rules import Terms

    check_fit(Terms(limit), parse_defects(defects, "defects"))
    options = [f"--seed={seed}", *(f"--defect={defect}" for defect in defects)]
    options += [f"--limit={limit}"] if limit is not None else []
    options += [f"--idle-range={idle_range[0]}:{idle_range[1]}"] if idle_range else []
    return api_policy(default_api(), allow_hosts) if intercept else None, options
