"""`openai` for Python: speech, typed words, turns of its own, out of band, resumed, a secret."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from pathlib import Path
from typing import Any

from openai import AsyncOpenAI

URL, SPEECH = sys.argv[1], Path(sys.argv[2])
"""Of the edge, and a file of s16le mono 24 kHz."""
CHUNK_BYTES = 48 * 40


async def speak(connection: Any) -> None:
    pcm = SPEECH.read_bytes()
    for at in range(0, len(pcm), CHUNK_BYTES):
        audio = base64.b64encode(pcm[at : at + CHUNK_BYTES]).decode()
        await connection.input_audio_buffer.append(audio=audio)
        await asyncio.sleep(0.04)


async def until(connection: Any, kind: str) -> Any:
    """Return the next event of type *kind*."""
    async with asyncio.timeout(30):
        async for event in connection:
            if event.type == "error":
                raise AssertionError(event.error)
            if event.type == kind:
                return event
    raise AssertionError(f"the connection ended before {kind}")


async def main() -> dict[str, Any]:
    client = AsyncOpenAI(base_url=f"{URL}/v1", api_key="demo_token")
    found: dict[str, Any] = {}
    async with client.realtime.connect(model="gpt-realtime") as connection:
        opened = await until(connection, "session.created")
        speaking = asyncio.create_task(speak(connection))
        heard = await until(connection, "conversation.item.input_audio_transcription.completed")
        found["heard"] = heard.transcript
        done = await until(connection, "response.done")
        found["answer"] = done.response.output[0].content[0].transcript
        await speaking
        content: Any = [{"type": "input_text", "text": "A typed question."}]
        item: Any = {"type": "message", "role": "user", "content": content}
        await connection.conversation.item.create(item=item)
        await connection.response.create(response={"output_modalities": ["text"]})
        text = await until(connection, "response.output_text.done")
        found["typed"] = text.text
        await until(connection, "response.done")
        await connection.response.create(
            response={"conversation": "none", "metadata": {"topic": "x"}, "input": [item]}
        )
        done = await until(connection, "response.done")
        found["metadata"] = done.response.metadata
        item_id = done.response.output[0].id
        session: Any = {"type": "realtime", "audio": {"input": {"turn_detection": None}}}
        await connection.session.update(session=session)
        updated = await until(connection, "session.updated")
        found["turn_detection"] = updated.session.audio.input.turn_detection
        await speak(connection)
        await connection.input_audio_buffer.commit()
        await until(connection, "input_audio_buffer.committed")
        await connection.response.create()
        created = await until(connection, "response.created")
        await until(connection, "response.output_audio.delta")
        await connection.response.cancel(response_id=created.response.id)
        done = await until(connection, "response.done")
        found["cancelled"] = done.response.status
        item_id = done.response.output[0].id
        await connection.conversation.item.truncate(
            item_id=item_id, content_index=0, audio_end_ms=60
        )
        truncated = await until(connection, "conversation.item.truncated")
        found["truncated"] = truncated.audio_end_ms
        await connection.conversation.item.retrieve(item_id=item_id)
        retrieved = await until(connection, "conversation.item.retrieved")
        found["retrieved"] = retrieved.item.id == item_id
        await connection.conversation.item.delete(item_id=item_id)
        await until(connection, "conversation.item.deleted")
    async with client.realtime.connect(
        model="gpt-realtime", extra_query={"session": opened.session.id}
    ) as connection:
        again = await until(connection, "session.created")
        found["resumed"] = again.session.id == opened.session.id
        await connection.conversation.item.create(item=item)
        await connection.response.create()
        done = await until(connection, "response.done")
        found["goes_on"] = done.response.output[0].content[0].transcript
    made = await client.realtime.client_secrets.create(
        session={"type": "realtime", "instructions": "Be brief."}
    )
    found["secret"] = made.value[:3]
    page = AsyncOpenAI(base_url=f"{URL}/v1", api_key=made.value)
    async with page.realtime.connect(model="gpt-realtime") as connection:
        created = await until(connection, "session.created")
        found["instructions"] = created.session.instructions
    intent = {"intent": "transcription"}
    async with client.realtime.connect(extra_query=intent) as connection:
        created = await until(connection, "session.created")
        found["transcription"] = created.session.type
        speaking = asyncio.create_task(speak(connection))
        heard = await until(connection, "conversation.item.input_audio_transcription.completed")
        found["words"] = heard.transcript
        await speaking
    return found


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main()), default=str))
