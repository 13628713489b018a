"""What one would write today, on geventhttpclient: open a session, keep it alive."""

from accounting import HEADERS, WAIT, count
from locust import FastHttpUser, constant, task


class Person(FastHttpUser):
    """One person with one session."""

    wait_time = constant(WAIT)

    def on_start(self):
        """Open the session."""
        answer = self.client.post("/v1/streaming.new", json={"activity_idle_timeout": 3599}, headers=HEADERS)
        self.session_id = answer.json()["data"]["session_id"]

    @task
    def keep_alive(self):
        """One keep-alive."""
        self.client.post("/v1/streaming.keep_alive", json={"session_id": self.session_id}, headers=HEADERS)
        count()
