"""Compares a run with an earlier one: which figures changed, and whether by more than random variation.

May import everything in `reports` except `plan`. Begin with `comparison`; `figures` and `blocks` compute the figures,
`bootstrap` their intervals, `build` writes compare.html and compare.md.
"""
