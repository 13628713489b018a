"""Answers one question about a run per module: fates, slots, hits, keep-alives, latency, drift, workers, the generator.

May import `reports.log` and `loadtests.model`. Begin with `sessions`, whose table the other modules query.
"""
