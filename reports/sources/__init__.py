"""The four sources of an event log, one module each: a load run, an audit, a recording and a watch.

Each says what it adds to the figures that every log has: findings, a verdict, the sentence that names the cause of refusals.
May import `findings`, `audit`, `watch`, `verdict` and what is below them. Begin with `source`.
"""
