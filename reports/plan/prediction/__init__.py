"""Predicts refusals of a measured load: by theory where one applies, otherwise by replaying its people.

May import `reports.plan.load` and what that may import. Begin with `theory` and `replay`.
"""
