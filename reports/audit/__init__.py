"""What is wrong with a client, out of what the API saw of it: one small checker for each finding, by the load run's names.

A checker of sessions gives the facts of each session that shows it; what it means and what to do about it is said once. The
advice is the vendor's ("Session Management Best Practices").
"""
