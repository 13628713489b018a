"""The pytest fixture `session_audit`: a sandbox for a test of a client. The test fails if it leaves a session open.

pytest loads this module wherever streamsoak is installed, so slow imports are inside the fixture.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from loadtests.sandbox.process import SandboxProcess


class SessionAudit:
    """The sandbox of one test."""

    def __init__(self, sandbox: SandboxProcess) -> None:
        self._sandbox = sandbox
        self.url = sandbox.url
        """The API's address, also in STREAMSOAK_BASE_URL and KONPRO_BASE_URL."""

    def open_sessions(self) -> list[str]:
        """Returns the ids of the sessions that are open."""
        return list(self._sandbox.open_sessions())


@pytest.fixture
def session_audit(monkeypatch: pytest.MonkeyPatch) -> Iterator[SessionAudit]:
    """Starts a sandbox, sets the variables of its address and the key; the test fails if it leaves a session open.

    STREAMSOAK_BASE_URL and KONPRO_BASE_URL, STREAMSOAK_API_KEY and KONPRO_API_KEY.
    """
    from loadtests.audit.audit import ADDRESS_VARIABLES
    from loadtests.http.key import key_variables
    from loadtests.sandbox.process import SandboxProcess

    key = secrets.token_urlsafe(24)
    for name in key_variables():
        monkeypatch.setenv(name, key)
    sandbox = SandboxProcess()
    try:
        for name in ADDRESS_VARIABLES:
            monkeypatch.setenv(name, sandbox.url)
        audit = SessionAudit(sandbox)
        yield audit
        left = audit.open_sessions()
    finally:
        sandbox.close()
    if left:
        pytest.fail(f"sessions left open (no streaming.stop): {', '.join(left)}", pytrace=False)
