"""The Sessions page in Locust's web UI: live figures of the current run, past runs, and buttons to stop, analyse and sweep.

May import `run` and the layers below (pyproject.toml), and Flask; must not import `plugin`, which installs it. Begin with
`install`; `live` builds what the browsers get, `pages/` holds the page itself.
"""
