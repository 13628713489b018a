"""A run in virtual time: the clock and the queue (`simulator`), the people (`population`), the API in memory (`account`), and
the estimate before a run (`forecast`).

May import `model`, `defects`, `recording`, `observing` and only `engine.garbage` from the engine. Begin with `simulator`
(`Simulator.run`).
"""
