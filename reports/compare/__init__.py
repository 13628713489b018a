"""Two runs beside each other: what changed, and whether that is more than noise.

`figures` says how each figure is measured, `blocks` cuts both runs into cells of time, `bootstrap` tells noise from change,
`comparison` judges, `page` and `markdown` show it.
"""
