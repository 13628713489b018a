"""One run: its leading process, the part each process runs, and the drain.

May import `engine`, `observing`, `recording`, `http` and `model`; does not depend on Locust or on how other processes are
reached. Begin with `run` (the whole run) and `process` (one process's part: engine, recorder, ledger, users).
"""
