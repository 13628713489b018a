"""Writes a run's results for other programs: junit.xml, summary.md, annotations, support.csv and the schema of summary.json.

May import `reports.summary` and the layers below. Begin with `markdown`.
"""
