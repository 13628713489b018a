"""What is wrong, whose it is, how sure that is: one small checker for each finding, composed.

A checker says pass (nothing), fail (what it found) or unknown (why the log does not tell). One that throws is unknown, and
says so; it never brings the report down.
"""
