"""What master and workers exchange over Locust's connection: kinds of messages, and the offset of their clocks.

May import what `plugin` may, but nothing else from `plugin`. Begin with `messages`.
"""
