"""One session and one person: states (`session`), who uses it (`person`), steps (`steps`), what a person does (`behaviour`), the
keep-alive timer (`keepalive`) and the end of a run, the drain (`ending`).

Generators that use no clock or socket, driven by the engine, the simulator and tests. May import `model.api` and the layers
below. Begin with `behaviour` (`visit`).
"""
