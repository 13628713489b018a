"""What master and workers exchange over Locust's connection: kinds of messages, and the offset of their clocks.

Must not import other modules of `plugin`; otherwise the same rules apply. Begin with `messages`.
"""
