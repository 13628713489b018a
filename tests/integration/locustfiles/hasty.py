"""The locustfile with a short lease and heartbeats to match: a lost worker's end takes seconds, not half a minute."""

import locust.runners

import loadtests.crew

locust.runners.HEARTBEAT_INTERVAL = 0.5
loadtests.crew.LEASE_SECONDS = 6.0

from loadtests.plugin.install import install  # noqa: E402 - workers take the lease's length over when they are imported

globals().update(install())
