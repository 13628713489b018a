"""Clients that others wrote, unmodified, against the sandbox of their API: those that are installed for development.

`make clients` installs and tries all of them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.public_clients.clients import CLIENTS, FOLDER, PublicClient, audited

_INSTALLED = [client for client in CLIENTS if client.is_installed]


@pytest.mark.parametrize("client", _INSTALLED, ids=lambda client: client.package)
def test_a_public_client_works_with_the_sandbox(tmp_path: Path, client: PublicClient) -> None:
    """It opens, is refused where the account is full, lists and closes; the audit finds nothing."""
    result = audited(client, [sys.executable, str(FOLDER / client.program)], tmp_path)
    assert result["findings"] == []


def test_one_is_installed() -> None:
    """Else nothing is tried."""
    assert "browserbase" in {client.package for client in _INSTALLED}
