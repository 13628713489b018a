"""Parts of a crowd: those who came while the load was such, and what they hold of the time that was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from reports.plan.crowd import Crowd


def part_of(crowd: Crowd, low: float, high: float) -> Crowd:
    """Who came in a part of the run; of the closed model everybody, as often as their part of the run is long."""
    inside = ((crowd.t >= low) & (crowd.t < high)) | ~crowd.is_open
    part = np.where(crowd.is_open, 1.0, (high - low) / max(crowd.end, 1e-9))
    crowd = replace(crowd, marks=replace(crowd.marks, rate=crowd.marks.rate * part))
    residents = tuple(each for each in crowd.residents if each.enters < high and each.leaves > low)
    return replace(
        crowd,
        marks=crowd.marks.taken(inside),
        t=crowd.t[inside],
        low=crowd.low[inside],
        high=crowd.high[inside],
        residents=residents,
    )


def bounded(crowd: Crowd, end: float) -> Crowd:
    """Zombies hold until `end`, and no longer: else a load that lasts would be none."""
    marks = crowd.marks
    until = np.maximum(0.0, end - crowd.t - marks.used)
    tail = np.where(marks.endless, np.minimum(marks.tail, until), marks.tail)
    return replace(crowd, marks=replace(marks, tail=tail, endless=np.zeros_like(marks.endless)))
