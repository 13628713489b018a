"""Connects Locust to a run: options, User classes, load shape, start and end of a run, distribution over workers.

The only package that imports Locust. It may import every other package of `loadtests` except the command line and `users`. Begin
reading in `plugin`, which registers with Locust; `local`, `master` and `worker` are the three roles of a Locust process.
"""
