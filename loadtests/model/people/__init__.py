"""Each profile describes one kind of person (`profile`), with distributions (`distribution`) and a stream of random numbers for
each person (`draw`).

May import `model.maths` and `model.text`. Begin with `profile` (`Profile`).
"""
