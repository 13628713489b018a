"""Algorithms without a subject: a calendar queue, a histogram with percentiles, Erlang B and Engset.

Imports nothing of the project. Begin with the module of the algorithm you need.
"""
