"""The Sessions page in Locust's web UI: live figures of the current run, past runs, and buttons to stop, analyse and sweep.

May import `run` and what is below it, and Flask; it never imports `plugin`, which installs it. Begin reading in `install`; `live`
builds what the browsers get, `pages/` holds the page itself.
"""
