"""Decides whether a run passed: measures the figures of its gates and combines them with the generator's health.

It may import the analysis and the log. Begin with `verdict`; `measurement` reads one gate's figure, `windows` the figures of
windows of the run.
"""
