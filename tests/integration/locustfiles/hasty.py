"""The locustfile with a short lease and matching heartbeats, so that a lost worker is noticed within seconds."""

import locust.runners

import loadtests.distributed.workers

locust.runners.HEARTBEAT_INTERVAL = 0.5
loadtests.distributed.workers.LEASE_SECONDS = 6.0

from loadtests.plugin.install import install  # noqa: E402 - workers read the lease's length when they are imported

globals().update(install())
