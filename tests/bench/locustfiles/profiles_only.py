"""The people of the scenario, and nothing of our own."""

from loadtests.plugin.install import install

globals().update(install())
