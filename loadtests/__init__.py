"""Generates load on a streaming-session API and writes the event log of each run.

`reports` reads the event logs; it imports only `loadtests.model` from this package. Must not import `reports`, except in the
command line (`cli`). `users` is the public API for locustfiles. Begin with `plugin`, the Locust plugin.
"""
