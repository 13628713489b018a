"""The event record: its columns, how rows are made, and the fates that a session can have (their names;
`reports.analysis.sessions` decides them).

Everything that a run does is written as rows of this record, and everything that `reports` says is computed from them.
May import `model.session`, `model.api` and `model.people`. Begin with `record`.
"""
