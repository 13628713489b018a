"""The package by whose name users import streamsoak: `from streamsoak.users import StreamingUser`.

Begin with `users`. In the repository this folder is `loadtests/streamsoak`, and an editable install maps the name to it. The
wheel installs it as the top-level package `streamsoak`, with `loadtests`, `reports` and `profiles` inside: see setup.py.
Importing the package itself loads nothing of Locust, since pytest and `streamsoak --help` do so too.
"""
