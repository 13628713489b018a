"""The locustfile: one User class for each profile; your own below. See docs/locustfile.md of streamsoak."""

from streamsoak.users import install

globals().update(install())

# People in Python instead of TOML. Remove "# " from the lines below; then run: locust Caller --sandbox
#
# from streamsoak.users import StreamingUser
#
#
# class Caller(StreamingUser):
#     """Asks twice, and reads the answer in between."""
#
#     profile = {"idle_timeout": 60, "arrivals": {"rate": "6/min"}, "keep_alive": {"when": "quiet", "every": "20s"}}
#
#     def visit(self, visitor):
#         if (yield from visitor.open()):
#             yield from visitor.say(words=12)
#             yield from visitor.be_quiet(30)
#             yield from visitor.say(words=4)
#             yield from visitor.close()
