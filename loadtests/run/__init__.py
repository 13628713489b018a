"""One run: the process that leads it, the part of it that each process carries out, and its end.

May import `engine`, `observing`, `recording`, `http` and `model`; knows neither Locust nor how other processes are reached. Begin
with `run.py` (the whole run) and `process.py` (one process's part: engine, recorder, ledger, users).
"""
