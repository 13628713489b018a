"""General algorithms: a calendar queue, a histogram with percentiles, Erlang B and Engset (queueing formulas).

May import nothing of the project. Begin with the module of the algorithm you need.
"""
