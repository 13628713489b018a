"""Audits a client from what the API recorded of it, with the finding names of a load run.

It may import the analysis, the findings and the verdict. Begin with `audit`; `catalogue` lists the checks, and the modules
named there hold each check's evidence, sentence and advice. The advice follows the vendor's "Session Management Best Practices".
"""
