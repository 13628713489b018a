"""An API as data: how its calls, answers, list and refusals look on the wire, read from one TOML file.

Everything that speaks to an API, or serves one, reads an `ApiDescription`. It holds no code: JSON Pointers say where a value is
in an answer, templates with named fields say what a request contains. May import `model`. Begin with `description`.
"""
