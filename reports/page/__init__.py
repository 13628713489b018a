"""Draws the pages: the report's sections and charts, and what the pages of a plan and a comparison share with it.

It may import everything in reports but `build`, `compare` and `plan`. Begin with `page`; `charts` has the report's charts,
`vegalite` and `timechart` their parts, `renderer` compiles them, `templates/` holds the HTML, CSS and JavaScript.
"""
