"""Starts and stops the processes that a run, an audit or the web UI needs beside itself.

Each runs in a process group of its own, so that Ctrl-C at the terminal reaches only the process that the user started, and
stopping one has a bound. The package may import `loadtests.http` (most children do not get the API key) and the model. Begin
reading in `child`.
"""
