"""The locustfile: one User class for each profile; your own below. See docs/locustfile.md of streamsoak."""

from loadtests.plugin.install import install

globals().update(install())
