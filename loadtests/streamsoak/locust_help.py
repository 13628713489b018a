"""Lets `locust --help` show our options. gevent finds it by the entry point `streamsoak`."""

from loadtests.plugin.option_help import announce

__all__ = ["announce"]
