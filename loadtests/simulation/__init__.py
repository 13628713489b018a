"""A run in virtual time: the clock and the queue (`simulator`), the persons (`population`), the API in memory (`account`), and
the estimate before a run (`forecast`).

Imports the model, `defects`, `recording` and `observing`; of the engine only garbage collection.
Begin with `simulator.Simulator.run`.
"""
