"""Measures the load of recorded runs: who arrived when, how long sessions were held, and in which phases load was steady.

May import `reports.analysis`, `reports.log` and `loadtests.model`, but nothing else from `reports.plan`. Begin with `people`.
"""
