"""The start page: scenarios as cards with a forecast, and what its form offers.

May import the modules of `webui` that give answers and run subcommands; the form itself is posted to Locust's /swarm, which
`plugin/form.py` reads. Begin with `routes`.
"""
