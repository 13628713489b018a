"""One session and one person: states (`session`), steps (`steps`), what a person does (`behaviour`), the keep-alive timer
(`keepalive`) and the end of a run (`ending`).

Generators without clock or socket, driven by the engine, the simulator and tests. Imports `model.api` and below. Begin with
`behaviour.visit`.
"""
