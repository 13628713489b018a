"""Generates load on a streaming-session API and writes the event log of each run.

`reports` reads the event logs; it imports only `loadtests.model` from this package. Nothing here imports `reports`, except the
command line (`cli`). `users` is the public API for locustfiles. Begin reading in `plugin`, which connects Locust to a run.
"""
