"""A minimal HTTP/1.1 client on gevent sockets, for the engine's requests only.

May import `model`. Begin with `connection` (one kept-alive connection) and `codec` (Call to bytes, Exchange to Answer). The types
Call, Exchange, Answer and Row are explained in `loadtests.engine`.
"""
