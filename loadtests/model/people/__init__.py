"""Each profile describes one kind of person (`profile`), with distributions (`distribution`), a stream of random numbers for
each person (`draw`) and the timers of a browser's page (`page`).

May import `model.maths` and `model.text`. Begin with `profile` (`Profile`).
"""
