"""Starts and stops the child processes of a run, an audit or the web UI.

Each runs in a process group of its own, so that Ctrl-C at the terminal reaches only the process that the user started, and
stopping one takes a limited time. May import `http` (most children do not get the API key) and `model`. Begin with `child`;
`greenlets` does the same for work within the process, and `metrics_server` serves metrics from one.
"""
