"""The pure core: what a run is, who the people are, what the API's rules are, the columns of the event log.

No clock, socket, gevent or Locust is imported here. Time is an argument, always in seconds since the start of the run
unless a name says otherwise, so that the same code runs live, in virtual time and in tests. Begin with `session`.
"""
