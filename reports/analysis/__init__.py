"""Each module answers one question about a run: fates, slots, hits, keep-alives, latency, drift, workers, the generator.

May import `reports.log` and `loadtests.model`. Begin with `sessions`, whose table the other modules query.
"""
