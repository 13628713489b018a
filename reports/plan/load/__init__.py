"""Measures the load of recorded runs: who arrived when, how long sessions were held, and in which phases load was steady.

Must not import other modules of `reports.plan`; otherwise the same rules apply. Begin with `people`.
"""
