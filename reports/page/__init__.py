"""Draws the page of a run and the page of an audit, and the pictures of a run for tickets and summaries.

May import everything in `reports` except `build`, `compare` and `plan`. Begin with `page`; `sections` has the figures behind each
section, `charts` and `leak_chart` the charts, `explorer` and `timeline` single sessions, `picture` and `ticket` the pictures.
"""
