"""`livekit-plugins-openai`: speech, a reply that is asked for, history by items, a truncation."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import aiohttp
from livekit import rtc
from livekit.agents import llm
from livekit.plugins.openai.realtime import RealtimeModel

URL, SPEECH = sys.argv[1], Path(sys.argv[2])
"""Of the edge, and a file of s16le mono 24 kHz."""
CHUNK_SAMPLES = 960


async def main() -> dict[str, Any]:
    found: dict[str, Any] = {"errors": [], "heard": [], "texts": [], "audio_ms": 0}
    async with aiohttp.ClientSession() as http:
        model = RealtimeModel(base_url=f"{URL}/v1", api_key="demo_token", http_session=http)
        session = model.session()
        generations: asyncio.Queue[Any] = asyncio.Queue()
        session.on("error", lambda event: found["errors"].append(str(event)))
        session.on("generation_created", generations.put_nowait)

        def heard(event: Any) -> None:
            if event.is_final:
                found["heard"].append(event.transcript)

        session.on("input_audio_transcription_completed", heard)

        async def answer() -> str:
            """Return the id of the next response's message, once it was read and heard."""
            generation = await asyncio.wait_for(generations.get(), 30)
            name = ""
            async for message in generation.message_stream:
                name = message.message_id
                text = "".join([piece async for piece in message.text_stream])
                found["texts"].append(str(text))
                async for frame in message.audio_stream:
                    found["audio_ms"] += frame.samples_per_channel * 1000 // frame.sample_rate
            return name

        async def speak() -> None:
            pcm = SPEECH.read_bytes()
            for at in range(0, len(pcm), 2 * CHUNK_SAMPLES):
                data = pcm[at : at + 2 * CHUNK_SAMPLES]
                frame = rtc.AudioFrame(data, 24_000, 1, len(data) // 2)
                session.push_audio(frame)
                await asyncio.sleep(CHUNK_SAMPLES / 24_000)

        context = llm.ChatContext.empty()
        context.add_message(role="user", content="My name is Ada.")
        context.add_message(role="assistant", content="Hello, Ada.")
        await session.update_chat_ctx(context)
        speaking = asyncio.create_task(speak())
        await answer()
        await speaking
        asked = session.generate_reply(instructions="Say goodbye.")
        await asyncio.wait_for(asked, 30)
        name = await answer()
        session.truncate(message_id=name, modalities=["audio"], audio_end_ms=500)
        await asyncio.sleep(0.5)
        found["history"] = [item.role for item in session.chat_ctx.items if item.type == "message"]
        await session.aclose()
    return found


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main())))
