"""browserbase (PyPI): opens two sessions, is refused the third, lists and releases them."""

import os

from browserbase import Browserbase, RateLimitError

client = Browserbase(
    api_key=os.environ["BROWSERBASE_API_KEY"], base_url=os.environ["STREAMSOAK_BASE_URL"], max_retries=0
)
opened = [client.sessions.create(project_id="p", keep_alive=True, api_timeout=120) for _ in range(2)]
assert all(session.status == "RUNNING" and session.connect_url for session in opened)
try:
    client.sessions.create(project_id="p")
except RateLimitError as error:
    assert "concurrent" in str(error).lower(), error
else:
    raise AssertionError("a third session was opened")
assert {one.id for one in client.sessions.list(status="RUNNING")} == {session.id for session in opened}
for session in opened:
    assert client.sessions.update(session.id, project_id="p", status="REQUEST_RELEASE").id == session.id
assert client.sessions.list(status="RUNNING") == []
