"""Draws the pages: the report's sections and charts, and the parts that the plan and comparison pages also use.

May import everything in `reports` except `build`, `compare` and `plan`. Begin with `page`; `charts` has the report's charts,
`vegalite` and `timechart` their parts, `renderer` compiles them, `templates/` holds the HTML, CSS and JavaScript.
"""
