"""astrocyte-integration-tavus (PyPI): lists conversations that were opened by a plain request, which end with another."""

import asyncio
import os

import httpx
from astrocyte_integration_tavus.client import TavusClient

BASE, KEY = os.environ["STREAMSOAK_BASE_URL"] + "/v2", os.environ["TAVUS_API_KEY"]


async def main() -> None:
    """Lists a conversation."""
    async with httpx.AsyncClient(headers={"x-api-key": KEY}) as http, TavusClient(KEY, base_url=BASE) as client:
        made = (await http.post(f"{BASE}/conversations", json={"replica_id": "r", "persona_id": "p"})).json()
        listed = await client.list_conversations(limit=10, page=1, status="active")
        assert [row["conversation_id"] for row in listed["data"]] == [made["conversation_id"]]
        assert listed["total_count"] == 1
        await http.post(f"{BASE}/conversations/{made['conversation_id']}/end")


asyncio.run(main())
