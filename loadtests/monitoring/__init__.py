"""Watches an account by its list alone: `streamsoak watch`. No session is opened or closed.

May import `processes`, `observing`, `recording`, `http` and `model`. Begin with `watch` (looks, one after the other) and
`account_state` (what the looks show); `alerts` decides what is worth a message, and `alert_hook` sends it.
"""
