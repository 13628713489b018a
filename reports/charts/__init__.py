"""Charts of all pages: their parts in Vega-Lite, and how they are compiled and drawn.

May import `reports.log` and `loadtests.model`. Begin with `vegalite`, whose parts every chart is built from; `timechart` adds the
run's time as x axis, `renderer` compiles a chart in a process of its own, `drawing` compiles those of one page.
"""
