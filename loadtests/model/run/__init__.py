"""One run as data: the scenario file (`scenario`), its load over time (`plan`), its manifest (`manifest`), its bounds
(`guard`) and why it ended (`end_reason`).

The top of the model: imports all of it. Begin with `scenario.Scenario`.
"""
