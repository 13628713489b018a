"""What master and workers exchange over Locust's connection: kinds of messages, the offset of their clocks, and Locust's `spawn`.

Must not import other modules of `plugin`; otherwise the same rules apply. Begin with `messages`.
"""
