"""The API as a local server, for tests, demos and audits: a thin app over `model.rules`, in a process of its own."""
