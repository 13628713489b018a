"""How all pages are written: the environment of the templates, and figures with their names.

May import `loadtests.model` only. Begin with `document`, which has the filters of all templates; `figures` writes a figure with
the name by which tests find it. The templates are in `reports/templates`.
"""
