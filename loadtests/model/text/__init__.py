"""Text that a user writes or reads: units (`units`), counts and ranges (`wording`), errors in the input (`input_error`,
`validation`), and what a user may have meant (`suggestion`).

May import nothing of the project. Begin with `input_error` (`InputError`).
"""
