"""Defects: faults that users of such APIs report; one module for each kind. Pure and seeded.

A defect changes the terms of the rules, or wraps the service that answers calls. The sandbox applies it over HTTP, the simulator
in virtual time. May import `model`. Begin with `defect`.
"""
