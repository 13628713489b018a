"""The pytest plugin: the fixture `session_audit`. pytest finds it by the entry point `streamsoak`."""

from loadtests.audit.pytest_plugin import *  # noqa: F403 - the fixture and the hooks, whichever there are
