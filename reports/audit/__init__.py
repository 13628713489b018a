"""Audits a client from what the API recorded of it, using the same finding names as a load run where both have a finding.

May import `reports.analysis`, `reports.findings` and `reports.verdict`. Begin with `audit`; `catalogue` lists the checks, and the
modules named there, one for each subject, hold each check's evidence, sentence and advice. The advice follows the vendor's
"Session Management Best Practices".
"""
