"""Small logs, written by hand, and what the report must make of them."""
