"""pipecat-ai (PyPI), services/heygen/api_liveavatar.py: starts two sessions by tokens, is refused the third, stops them."""

import asyncio
import os

import aiohttp
from pipecat.services.heygen.api_liveavatar import LiveAvatarApi, LiveAvatarApiError, LiveAvatarNewSessionRequest


async def main() -> None:
    """Starts two sessions and stops them."""
    async with aiohttp.ClientSession() as http:
        asked = LiveAvatarNewSessionRequest(avatar_id="a")
        people = [LiveAvatarApi(os.environ["LIVEAVATAR_API_KEY"], http) for _ in range(3)]
        for api in people:
            api.BASE_URL = os.environ["STREAMSOAK_BASE_URL"] + "/v1"
        opened = [(api, await api.new_session(asked)) for api in people[:2]]
        assert all(session.livekit_url and session.ws_url for _, session in opened)
        try:
            await people[2].new_session(asked)
        except LiveAvatarApiError as error:
            assert "concurrency" in error.response_text
        else:
            raise AssertionError("a third session was started")
        for api, session in opened:
            assert (await api.close_session(session.session_id))["code"] == 1000


asyncio.run(main())
