"""tavus-cli (PyPI), Tavus's own client: creates two conversations, is refused the third, lists them page by page, ends them."""

import asyncio
import os

from tavus_mcp.sdk.auth.session import TavusSession
from tavus_mcp.sdk.client import TavusClient
from tavus_mcp.sdk.env import load_config
from tavus_mcp.sdk.errors import TavusApiError


async def main() -> None:
    """Creates, lists and ends."""
    base = os.environ["STREAMSOAK_BASE_URL"] + "/v2"
    config = load_config().model_copy(update={"public_api_base_url": base})
    conversations = TavusClient(config, TavusSession(os.environ["TAVUS_API_KEY"], "environment")).conversations
    opened = [await conversations.create({"replica_id": "r", "persona_id": "p"}) for _ in range(2)]
    assert all(one["conversation_url"] and one["status"] == "active" for one in opened)
    try:
        await conversations.create({"replica_id": "r", "persona_id": "p"})
    except TavusApiError as error:
        assert "maximum concurrent conversations" in str(error).lower() or "400" in str(error), error
    else:
        raise AssertionError("a third conversation was created")
    listed = await conversations.list_all(page_size=1, status="active")
    assert {row["conversation_id"] for row in listed["data"]} == {one["conversation_id"] for one in opened}
    for one in opened:
        await conversations.end(one["conversation_id"])
    assert (await conversations.list(status="active"))["data"] == []


asyncio.run(main())
