"""A minimal HTTP/1.1 client on gevent sockets, for the engine's requests only.

May import `model`. Begin with `connection.py` (one kept-alive connection) and `codec.py` (Call to bytes, Exchange to Answer). The
names along the way are explained in `loadtests.engine`.
"""
