"""A lean HTTP/1.1 client on gevent's event loop. All requests to the API under test go through it; docs/http.md says what users
see.

May import `model`. Begin with `connection` (one kept-alive connection), then `response_reader` (bytes to a response), `route`
(how a connection is opened: proxy, certificates), `stream` (TCP and TLS) and `codec` (Call to bytes, Exchange to Answer). The
types Call, Exchange, Answer and Row are explained in `loadtests.engine`.
"""
