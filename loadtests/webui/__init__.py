"""The live Sessions page within Locust's web UI: figures of the run that goes on, past runs, and what can be done to both."""
