"""What `locust` loads: a User class for each profile, the scenario's shape, the plugin."""

from loadtests.plugin.install import install

globals().update(install())
