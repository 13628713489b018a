"""Profiles: one kind of person each (`profile`), with distributions (`distribution`) and a stream of random numbers for each
person (`draw`).

Imports only `model.maths` and `model.text`. Begin with `profile.Profile`.
"""
