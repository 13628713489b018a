"""Plans capacity from runs: the limit to ask for, the idle timeout to choose, the cost of leaks.

May import everything in `reports` except `compare`. Begin with `planning`; `plan` is the result, and each part of the plan has a
module of its own.
"""
