"""What Locust sees as users: the User classes, their load shape, their run-wide numbers, and the actions of a person.

May import what `plugin` may, but nothing else from `plugin`. Begin with `user`.
"""
