"""The locustfile: one User class per profile, the options, the scenario's load shape."""

from loadtests.plugin.install import install

globals().update(install())
