"""The locustfile: one User class for each profile; your own below. See docs/locustfile.md of streamsoak."""

from streamsoak.users import install

globals().update(install())
