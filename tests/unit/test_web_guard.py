"""Which requests the web UI refuses."""

from __future__ import annotations

import pytest

from loadtests.webui.guard import own_hosts, refusal

OWN = own_hosts("127.0.0.1")
HOST = "127.0.0.1:8089"


@pytest.mark.parametrize(
    "headers",
    [
        {},  # curl, and scripts
        {"Origin": f"http://{HOST}"},
        {"Origin": f"http://{HOST}", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_our_own_page_and_tools_without_a_browser_are_answered(method: str, headers: dict[str, str]) -> None:
    """Whatever they ask for."""
    assert refusal(method, {"Host": HOST, **headers}, OWN) == ""


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},  # another server on this machine is another origin
        {"Origin": "http://127.0.0.1:8089.evil.example"},
        {"Origin": ""},
        {"Origin": "http://[::1"},  # malformed
        {"Origin": "http://[evil]:8089"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": f"http://{HOST}", "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_another_sites_page_starts_and_stops_nothing(headers: dict[str, str]) -> None:
    """Whichever of the two headers gives it away."""
    assert refusal("POST", {"Host": HOST, **headers}, OWN) != ""


def test_another_sites_page_reads_nothing_either_and_may_link_here() -> None:
    """A script's request names its origin; a link that is followed does not."""
    assert refusal("GET", {"Host": HOST, "Origin": "http://evil.example"}, OWN) != ""
    assert refusal("GET", {"Host": HOST, "Sec-Fetch-Site": "cross-site"}, OWN) == ""


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8089", "localhost.evil.example", "", "127.0.0.1.nip.io", "[::1"]
)
def test_a_name_that_somebody_else_gives_this_machine_is_not_ours(host: str) -> None:
    """DNS rebinding: the page is of the same origin then, by the browser's lights."""
    assert refusal("GET", {"Host": host}, OWN) != ""


@pytest.mark.parametrize("host", ["localhost:8089", "127.0.0.1", "[::1]:8089", "192.0.2.7:8089", "LOCALHOST"])
def test_addresses_and_localhost_are_ours(host: str) -> None:
    """No name server can make an address mean another machine."""
    assert refusal("GET", {"Host": host}, OWN) == ""


@pytest.mark.parametrize(
    ("bound", "display"), [("load.example", ""), ("0.0.0.0", "http://load.example:8089"), ("", "load.example")]
)
def test_a_name_that_the_user_gives_is_ours(bound: str, display: str) -> None:
    """Where the server was bound to it, or shown by it."""
    own = own_hosts(bound, display)
    assert refusal("GET", {"Host": "load.example:8089"}, own) == ""
    assert refusal("GET", {"Host": "other.example:8089"}, own) != ""
