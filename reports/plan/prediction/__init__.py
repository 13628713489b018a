"""Predicts refusals of a measured load: by theory where one applies, otherwise by replaying the recorded arrivals, resampled.

May import `reports.plan.load`, `reports.analysis`, `reports.log` and `loadtests.model`. Begin with `theory` and `replay`.
"""
