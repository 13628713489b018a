"""What Locust sees as users: the User classes, their load shape, their run-wide numbers, and the actions of a person.

Must not import other modules of `plugin`; otherwise the same rules apply. Begin with `user`.
"""
