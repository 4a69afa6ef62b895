"""`openai-agents`: it checks every event against OpenAI's types, and takes an unknown one ill.

Prints a line of JSON: the events it raised, the history it ended with, and what was wrong.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from agents import function_tool
from agents.realtime import RealtimeAgent, RealtimeRunner
from agents.realtime.openai_realtime import OpenAIRealtimeWebSocketModel

URL, SPEECH = sys.argv[1].replace("http", "ws"), sys.argv[2]
"""Of the edge, and a file of s16le mono 24 kHz."""
CHUNK_BYTES = 960 * 2


async def speak(session: Any) -> None:
    pcm = Path(SPEECH).read_bytes()
    for at in range(0, len(pcm), CHUNK_BYTES):
        await session.send_audio(pcm[at : at + CHUNK_BYTES])
        await asyncio.sleep(0.04)


async def main() -> dict[str, Any]:
    @function_tool  # type: ignore[untyped-decorator]  # of another environment
    def add(a: int, b: int) -> str:
        """Add two numbers."""
        return f"#{a + b}"

    agent = RealtimeAgent(name="Test", instructions="You are brief.", tools=[add])
    runner = RealtimeRunner(agent, model=OpenAIRealtimeWebSocketModel())
    config: Any = {
        "url": f"{URL}/v1/realtime?model=gpt-realtime",
        "api_key": "demo_token",
        "initial_model_settings": {
            "turn_detection": {
                "type": "server_vad",
                "silence_duration_ms": 300,
                "interrupt_response": True,
            }
        },
    }
    kinds: list[str] = []
    raw: list[str] = []
    wrong: list[str] = []
    audio_bytes = 0
    session = await runner.run(model_config=config)
    async with session:

        async def listen() -> None:
            nonlocal audio_bytes
            async for event in session:
                kinds.append(event.type)
                match event.type:
                    case "audio":
                        audio_bytes += len(event.audio.data)
                    case "error":
                        wrong.append(str(event.error))
                    case "raw_model_event":
                        data = event.data
                        if data.type == "raw_server_event":
                            raw.append(data.data["type"])
                        elif data.type in {"error", "exception"}:
                            wrong.append(str(data))

        async def until(kind: str, count: int = 1) -> None:
            async with asyncio.timeout(30):
                while raw.count(kind) < count:
                    await asyncio.sleep(0.02)

        listening = asyncio.create_task(listen())
        await until("session.updated")
        await speak(session)
        await until("response.done")
        await session.send_message("A typed question.")
        await until("response.done", 2)
        await session.send_message("Another one.")
        await until("response.output_audio.delta", raw.count("response.output_audio.delta") + 5)
        await session.interrupt()
        await until("response.done", 3)
        await session.send_message("And one more.")
        await until("response.output_audio.delta", raw.count("response.output_audio.delta") + 5)
        await speak(session)
        await until("conversation.item.truncated")
        await until("conversation.item.input_audio_transcription.completed", 2)
        await until("response.done", 5)
        await session.send_message('CALL:add{"a": 2, "b": 3} please')
        await until("response.done", 7)
        await asyncio.sleep(0.5)
        history = [item.model_dump() for item in session._history]
        listening.cancel()
    return {
        "events": sorted(set(kinds)),
        "raw": raw,
        "wrong": wrong,
        "audio_ms": audio_bytes // 48,
        "history": [
            [
                item.get("role"),
                *(part.get("transcript") or part.get("text") or "" for part in item["content"]),
            ]
            for item in history
            if "content" in item
        ],
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main())))
