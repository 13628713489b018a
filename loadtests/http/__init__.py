"""A lean HTTP/1.1 client on gevent sockets: what the engine's requests go through, and nothing else does."""
