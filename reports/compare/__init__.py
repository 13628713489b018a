"""Compares a run with an earlier one: which figures changed, and whether by more than noise.

It may import everything else in reports but `plan`. Begin with `comparison`; `figures` and `blocks` compute the figures,
`bootstrap` their intervals, `build` writes compare.html and compare.md.
"""
