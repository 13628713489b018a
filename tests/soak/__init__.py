"""`make soak`: two hours live at 2,000 sessions, and whether anything grows, slows down or is missed.

A real sandbox, a real Locust with two worker processes and its web UI, a real browser with the Sessions page open. Afterwards
the run is compared with what the sandbox itself wrote down. Imports loadtests, reports and tests.integration; begin in soak.py.
"""
