"""Deliberate one-line breaks of the code: `make mutants` checks that the tests notice each of them.

`mutants.py` lists them with the tests that must fail; `__main__.py` applies each in a copy of the tree and runs those tests.
"""
