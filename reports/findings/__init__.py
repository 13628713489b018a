"""Finds what went wrong in a run: one check per module, or two (`refusals`, `ways`), each with its sentence and advice.

A check reads `Evidence` and returns a finding, `Unknown` with the reason, or None. May import `reports.analysis`,
`reports.log` and `loadtests.model`. Begin with `finding`, `check` and `catalogue`.
"""
