"""Decides whether a run passed: measures the figures of its gates and checks whether the generator was reliable.

May import `reports.analysis` and `reports.log`. Begin with `verdict`; `measurement` reads one gate's figure, `windows` computes
metrics for a part (window) of the run.
"""
