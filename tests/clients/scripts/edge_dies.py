"""Stock clients whose edge dies: what they are told, how they come back, and what is remembered.

    edge_dies.py CLIENT URL FILE      the edge is killed when FILE.CLIENT is there

Prints a line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
from agents.realtime import RealtimeAgent, RealtimeRunner
from livekit.plugins.openai.realtime import RealtimeModel
from openai import AsyncOpenAI

CLIENT, URL, FILE = sys.argv[1:4]
ITEM: Any = {
    "type": "message",
    "role": "user",
    "content": [{"type": "input_text", "text": "A typed question."}],
}
Found = dict[str, Any]


def kill() -> None:
    """Ask for the death of the edge."""
    Path(f"{FILE}.{CLIENT}").touch()


async def retried(once: Callable[[], Awaitable[str]]) -> str:
    """Return what *once* does, as soon as an edge is there again."""
    until = time.monotonic() + 60
    while True:
        try:
            async with asyncio.timeout(10):
                return await once()
        except Exception:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(0.3)


async def openai() -> Found:
    client, found = AsyncOpenAI(base_url=f"{URL}/v1", api_key="demo_token"), Found()

    async def answered(connection: Any) -> str:
        await connection.conversation.item.create(item=ITEM)
        await connection.response.create()
        async for event in connection:
            if event.type == "error":
                raise AssertionError(event.error)
            if event.type == "response.done":
                return str(event.response.output[0].content[0].transcript)
        raise ConnectionError

    async with client.realtime.connect(model="gpt-realtime") as connection:
        session = (await connection.recv()).session.id
        found["answered"] = await answered(connection)
        kill()
        try:
            while True:
                await asyncio.wait_for(connection.recv(), 20)
        except Exception as error:  # noqa: BLE001  # it is what is asked
            found["lost"] = type(error).__name__

    async def again() -> str:
        query = {"session": session}
        async with client.realtime.connect(model="gpt-realtime", extra_query=query) as connection:
            found["resumed"] = (await connection.recv()).session.id == session
            return await answered(connection)

    found["goes_on"] = await retried(again)
    return found


async def agents() -> Found:
    found: Found = {}
    name = ""

    async def talk(query: str, then: Callable[[], None]) -> str:
        nonlocal name
        config: Any = {
            "url": f"{URL.replace('http', 'ws')}/v1/realtime?model=gpt-realtime{query}",
            "api_key": "demo_token",
        }
        runner = RealtimeRunner(RealtimeAgent(name="Test", instructions="You are brief."))
        said = ""
        async with await runner.run(model_config=config) as session:
            async for event in session:
                data = event.data if event.type == "raw_model_event" else None
                if event.type == "error" or (data and data.type in {"error", "exception"}):
                    found["lost"] = "error"
                    return said
                if data and data.type == "connection_status" and data.status == "disconnected":
                    found["lost"] = "disconnected"
                    return said
                raw: Any = data.data if data and data.type == "raw_server_event" else {"type": ""}
                if raw["type"] == "session.created":
                    found["resumed"] = raw["session"]["id"] == name
                    name = raw["session"]["id"]
                    await session.send_message("A typed question.")
                if raw["type"] == "response.done":
                    said = str(raw["response"]["output"][0]["content"][0]["transcript"])
                    then()
                    if query:
                        return said
        found.setdefault("lost", "the session ended")
        return said

    found["answered"] = await talk("", kill)
    found["goes_on"] = await retried(lambda: talk(f"&session={name}", lambda: None))
    return found


async def livekit() -> Found:
    """It comes back by itself, to another session, and tells it the conversation so far."""
    found: Found = {}
    async with aiohttp.ClientSession() as http:
        model = RealtimeModel(base_url=f"{URL}/v1", api_key="demo_token", http_session=http)
        session = model.session()
        errors: list[str] = []
        session.on("error", lambda event: errors.append(str(event.error)))
        back = asyncio.Event()
        session.on("session_reconnected", lambda _: back.set())

        async def answered() -> str:
            generation = await session.generate_reply(instructions="Go on.")
            said = ""
            async for message in generation.message_stream:
                said += "".join([str(piece) async for piece in message.text_stream])
                async for _ in message.audio_stream:
                    pass
            return said

        found["answered"] = await asyncio.wait_for(answered(), 30)
        kill()
        await asyncio.wait_for(back.wait(), 60)
        found["lost"] = f"{len(errors)} errors, reconnected"
        found["goes_on"] = await retried(answered)
        await session.aclose()
    return found


if __name__ == "__main__":
    print(
        json.dumps(asyncio.run({"openai": openai, "agents": agents, "livekit": livekit}[CLIENT]()))
    )
