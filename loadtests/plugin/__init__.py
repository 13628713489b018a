"""The Locust plugin connects Locust to a run: options, User classes, load shape, start and end of a run, and workers.

The only package that imports Locust. May import every other package of `loadtests` except `cli` and `users`. Begin with
`plugin`, which registers with Locust; `local`, `master` and `worker` are the three roles of a Locust process.
"""
