"""Reads a run's event log and judges it. Needs only the run directory, so it works at any time, on any machine.

May import `loadtests.model`. Begin with `summary`.
"""
