"""Plans capacity from runs: the limit to ask for, the idle timeout to choose, the cost of leaks.

It may import everything else in reports but `compare`. Begin with `planning`; `plan` is the result, and each question has a
module of its own.
"""
