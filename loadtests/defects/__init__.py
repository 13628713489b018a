"""How the API goes wrong: one defect, one small file, as its users report them. Pure and seeded.

A defect changes the terms of the rules, or stands around the service that answers calls. The sandbox carries it out over
HTTP, the simulator in virtual time.
"""
