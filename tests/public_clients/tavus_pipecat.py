"""pipecat-ai (PyPI), class TavusApi of transports/tavus/transport.py: creates a conversation and ends it.

The module imports media libraries, so that only the class is loaded, as the file has it.
"""

import ast
import asyncio
import importlib.util
import os
from pathlib import Path

import aiohttp
from loguru import logger

found = importlib.util.find_spec("pipecat")
assert found is not None and found.submodule_search_locations
source = (Path(found.submodule_search_locations[0]) / "transports" / "tavus" / "transport.py").read_text()
(tavus,) = (part for part in ast.parse(source).body if isinstance(part, ast.ClassDef) and part.name == "TavusApi")
names = {"aiohttp": aiohttp, "os": os, "logger": logger}
exec(compile(ast.Module([tavus], []), "transport.py", "exec"), names)


async def main() -> None:
    """Creates and ends."""
    async with aiohttp.ClientSession() as http:
        api = names["TavusApi"](os.environ["TAVUS_API_KEY"], http)
        api.BASE_URL = os.environ["STREAMSOAK_BASE_URL"] + "/v2"
        opened = await api.create_conversation("r", "p")
        assert opened["conversation_url"]
        await api.end_conversation(opened["conversation_id"])


asyncio.run(main())
