"""Writes a run's results for other programs: junit.xml, summary.md, annotations, support.csv and the schema of summary.json.

It may import the summary and everything below it. Begin with `markdown`.
"""
