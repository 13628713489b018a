"""The API's own words for what a finding's advice names: its calls, its fields, its key."""

from __future__ import annotations

from dataclasses import dataclass

from loadtests.model.api.description.description import ApiDescription
from loadtests.model.api.description.words import idle_timeout_field
from loadtests.model.api.operation import Operation
from loadtests.model.text.units import format_duration

BASE_VARIABLE = "STREAMSOAK_BASE_URL"
_KONPRO_BASE_VARIABLE = "KONPRO_BASE_URL"
_KEY_VARIABLE = "STREAMSOAK_API_KEY"


@dataclass(frozen=True)
class Words:
    """The words of one API."""

    api: ApiDescription

    def call(self, operation: Operation) -> str:
        """A call: "streaming.stop" for KonPro, "DELETE /talks/streams/{id}" for others; "" if the API has no such call."""
        return self.api.call_name(operation) if self.api.has(operation) else ""

    @property
    def stop(self) -> str:
        """The call that closes a session."""
        return self.call(Operation.STOP)

    @property
    def keep_alive(self) -> str:
        """The call that keeps a session open; what does, if the API has no such call."""
        return self.call(Operation.KEEP_ALIVE) or "a call that counts as activity"

    @property
    def idle_timeout(self) -> str:
        """The idle timeout, by the name of its field."""
        return idle_timeout_field(self.api)

    @property
    def longer_timeout(self) -> str:
        """How to get a longer idle timeout: ", or ask for a longer timeout (up to 3599 s)"; "" if a client cannot ask."""
        if self.api.idle_timeout.set_by == "api":
            return ""
        return f", or ask for a longer timeout (up to {self.most})"

    @property
    def range(self) -> str:
        """The idle timeouts that a client may ask for: "30 to 3599 seconds"."""
        low, high = self.api.idle_timeout.range
        return f"{low:g} to {high:g} seconds"

    @property
    def most(self) -> str:
        """The longest idle timeout."""
        longest = self.api.idle_timeout.most
        return f"{longest:g} s" if self.api.is_default else format_duration(longest)

    @property
    def key_variable(self) -> str:
        """The environment variable that holds the key."""
        return next(iter(self.api.key.variables), _KEY_VARIABLE)

    @property
    def base_variable(self) -> str:
        """The environment variable that holds the API's address."""
        return _KONPRO_BASE_VARIABLE if self.api.is_default else BASE_VARIABLE

    @property
    def key_headers(self) -> str:
        """How a request carries the key: "Authorization: Bearer KEY, or x-api-key: KEY"."""
        return ", or ".join(credential.line("KEY") for credential in (self.api.key, *self.api.key.also))

    @property
    def for_pages(self) -> str:
        """How a page calls the API without its key."""
        token = self.call(Operation.CREATE_TOKEN)
        if token:
            return f"its server gets a token with {token} for each session, and the page sends that token"
        return "it sends its calls to its own server, which adds the key"
