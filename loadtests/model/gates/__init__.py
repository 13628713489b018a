"""Gates: their grammar (`gates`, `window`), the figures they may name (`figure`, `finding_names`), when one aborts a run
(`abort`, `counts`), and the figures by which two runs are compared (`compared`).

May import `model.log` and the layers below. Begin with `gates` (`parse_gate`).
"""
