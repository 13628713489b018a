"""`streamsoak fit`: from event logs to profiles. Each figure is a maximum-likelihood estimate with its 95 % interval.

May import everything below `reports.build`, and scipy, which nothing outside this package imports. Begin with `fitting`
(`build_fit`), then `observations` (what a log of calls shows) and `families` (the estimates).
"""
