"""One run as data: the scenario file (`scenario`), its load over time (`plan`), its manifest (`manifest`), its bounds
(`guard`) and why it ended (`end_reason`).

May import all of `model`. Begin with `scenario` (`Scenario`).
"""
