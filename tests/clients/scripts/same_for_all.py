"""`openai` for Python at any Realtime server: one thing after the other, a connection each.

    same_for_all.py URL FILE      FILE is speech, s16le mono 24 kHz

Prints a line of JSON: what each came to, `no: ...` where it failed. The server's language model is
that of `benchmarks/realtime_servers.py`.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from openai import AsyncOpenAI

URL, SPEECH = sys.argv[1], Path(sys.argv[2]).read_bytes()
CHUNK_BYTES = 48 * 40
LIMIT_S = 15
CLIENT = AsyncOpenAI(base_url=f"{URL}/v1", api_key="demo_token")
VAD: dict[str, Any] = {"type": "server_vad", "silence_duration_ms": 500}


class Caller:
    """A connection, and what it was told."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.told: list[Any] = []
        self.at_s: list[float] = []
        self.spoke_until_s = 0.0

    async def send(self, **event: Any) -> None:
        await self.connection.send(event)

    async def until(self, *kinds: str, error: bool = False) -> Any:
        """Return the next event of *kinds*; an error ends the wait, too."""
        try:
            async with asyncio.timeout(LIMIT_S):
                while True:
                    event = await self.connection.recv()
                    self.told.append(event)
                    self.at_s.append(time.monotonic())
                    if event.type in kinds:
                        return event
                    if event.type == "error" and not error:
                        raise AssertionError(f"error {event.error.code}")
        except TimeoutError:
            raise AssertionError(f"no {' or '.join(kinds)}") from None

    def of(self, kind: str) -> list[Any]:
        return [one for one in self.told if one.type == kind]

    async def speak(self, quiet_s: float = 2.0, *, pcm: bytes = SPEECH) -> None:
        for at in range(0, len(pcm), CHUNK_BYTES):
            await self._append(pcm[at : at + CHUNK_BYTES])
        self.spoke_until_s = time.monotonic()
        for _ in range(round(quiet_s / 0.04)):
            await self._append(bytes(CHUNK_BYTES))

    async def _append(self, data: bytes) -> None:
        await self.send(type="input_audio_buffer.append", audio=base64.b64encode(data).decode())
        await asyncio.sleep(0.04)

    async def type(self, text: str, **response: Any) -> None:
        content = [{"type": "input_text", "text": text}]
        item = {"type": "message", "role": "user", "content": content}
        await self.send(type="conversation.item.create", item=item)
        await self.send(type="response.create", **({"response": response} if response else {}))

    async def set(self, **session: Any) -> Any:
        await self.send(type="session.update", session={"type": "realtime", **session})
        return (await self.until("session.updated")).session

    async def alive(self) -> str:
        await self.set(instructions="Be brief.")
        return "yes"


@asynccontextmanager
async def calling(**query: str) -> AsyncIterator[Caller]:
    options: dict[str, Any] = {"extra_query": query} if query else {"model": "gpt-realtime"}
    async with CLIENT.realtime.connect(**options) as connection:
        caller = Caller(connection)
        await caller.until("session.created")
        yield caller


CHECKS: dict[str, Callable[[], Awaitable[str]]] = {}


def check(what: str) -> Callable[[Callable[[], Awaitable[str]]], Callable[[], Awaitable[str]]]:
    def named(does: Callable[[], Awaitable[str]]) -> Callable[[], Awaitable[str]]:
        CHECKS[what] = does
        return does

    return named


@check("a spoken question is answered")
async def _() -> str:
    waits = []
    async with calling() as caller:
        await caller.set(audio={"input": {"turn_detection": VAD}})
        for _ in range(3):
            speaking = asyncio.create_task(caller.speak(4.0))
            await caller.until("response.output_audio.delta")
            waits.append(caller.at_s[-1] - caller.spoke_until_s)
            await caller.until("response.done")
            await speaking
    return f"after {sorted(waits)[1] * 1000:.0f} ms (median of 3)"


@check("the caller's words are told, with `usage`")
async def _() -> str:
    async with calling() as caller:
        heard = {"transcription": {"model": "whisper-1"}, "turn_detection": VAD}
        await caller.set(audio={"input": heard})
        speaking = asyncio.create_task(caller.speak(4.0))
        done = await caller.until("conversation.item.input_audio_transcription.completed")
        speaking.cancel()
    assert done.transcript.strip(), "no words"
    assert done.usage is not None, "no usage"
    return "yes"


@check("an interruption stops the response")
async def _() -> str:
    async with calling() as caller:
        await caller.set(audio={"input": {"turn_detection": VAD}})
        await caller.type("Tell me a long story.")
        await caller.until("response.output_audio.delta")
        began_s = time.monotonic()
        speaking = asyncio.create_task(caller.speak())
        done = await caller.until("response.done")
        took_s = time.monotonic() - began_s
        speaking.cancel()
    assert done.response.status == "cancelled", f"status {done.response.status}"
    reason = getattr(done.response.status_details, "reason", None)
    assert reason == "turn_detected", f"reason {reason}"
    return f"after {took_s * 1000:.0f} ms"


@check("`conversation.item.truncate`: the model knows only what was heard")
async def _() -> str:
    async with calling() as caller:
        await caller.type("Tell me a long story.")
        first = await caller.until("response.output_audio.delta")
        await asyncio.sleep(1)
        await caller.send(type="response.cancel")
        await caller.until("response.done")
        cut = {"item_id": first.item_id, "content_index": 0, "audio_end_ms": 900}
        await caller.send(type="conversation.item.truncate", **cut)
        await caller.until("conversation.item.truncated")
        await caller.type("What did you say?")
        done = await caller.until("response.done")
        said = done.response.output[0].content[0].transcript
    assert said.startswith("I said "), f"it answered {said[:40]!r}"
    words = len(said.removeprefix("I said ").split())
    assert words < 12, f"it knows {words} words"
    return "yes"


@check("a typed question, an item retrieved and deleted")
async def _() -> str:
    async with calling() as caller:
        await caller.type("Hello.")
        await caller.until("response.done")
        kinds = [one.type for one in caller.told]
        assert "conversation.item.added" in kinds, "no conversation.item.added"
        item = caller.of("conversation.item.added")[0].item.id
        await caller.send(type="conversation.item.retrieve", item_id=item)
        await caller.until("conversation.item.retrieved")
        await caller.send(type="conversation.item.delete", item_id=item)
        await caller.until("conversation.item.deleted")
    return "yes"


@check("text only")
async def _() -> str:
    async with calling() as caller:
        await caller.type("Hello.", output_modalities=["text"])
        await caller.until("response.done")
        assert caller.of("response.output_text.done"), "no response.output_text.done"
        assert not caller.of("response.output_audio.delta"), "it spoke"
    return "yes"


@check("a response out of band, `metadata` told back")
async def _() -> str:
    async with calling() as caller:
        await caller.type("Hello.", conversation="none", metadata={"topic": "x"})
        created = await caller.until("response.created")
        assert created.response.metadata == {"topic": "x"}, f"metadata {created.response.metadata}"
        await caller.until("response.done")
        added = [one.item.role for one in caller.of("conversation.item.added")]
    assert "assistant" not in added, "its answer entered the conversation"
    return "yes"


@check("a function is called and its result answered")
async def _() -> str:
    parameters = {"type": "object", "properties": {"a": {"type": "integer"}}}
    tool = {"type": "function", "name": "add", "description": "Add.", "parameters": parameters}
    async with calling() as caller:
        await caller.set(tools=[tool], tool_choice="auto")
        await caller.type("Please CALL it.")
        done = await caller.until("response.function_call_arguments.done")
        assert getattr(done, "name", None) == "add", "no name in arguments.done"
        await caller.until("response.done")
        output = {"type": "function_call_output", "call_id": done.call_id, "output": "#5"}
        await caller.send(type="conversation.item.create", item=output)
        await caller.send(type="response.create")
        answer = (await caller.until("response.done")).response.output[0].content[0].transcript
    assert "#5" in answer, f"it answered {answer[:40]!r}"
    return "yes"


@check("the client ends turns (`turn_detection: null`)")
async def _() -> str:
    async with calling() as caller:
        await caller.set(audio={"input": {"turn_detection": None}})
        await caller.speak(0.4)
        await caller.send(type="input_audio_buffer.commit")
        await caller.until("input_audio_buffer.committed")
        assert not caller.of("input_audio_buffer.speech_started"), "it found speech by itself"
        await caller.send(type="response.create")
        await caller.until("response.output_audio.delta")
    return "yes"


@check("`create_response: false`")
async def _() -> str:
    async with calling() as caller:
        await caller.set(audio={"input": {"turn_detection": {**VAD, "create_response": False}}})
        speaking = asyncio.create_task(caller.speak(5.0))
        await caller.until("input_audio_buffer.committed")
        try:
            async with asyncio.timeout(2):
                await caller.until("response.created")
        except TimeoutError:
            speaking.cancel()
            return "yes"
    raise AssertionError("it answered all the same")


@check("a partial `session.update` keeps the rest")
async def _() -> str:
    async with calling() as caller:
        await caller.set(audio={"input": {"turn_detection": {**VAD, "silence_duration_ms": 650}}})
        now = await caller.set(audio={"input": {"turn_detection": {"threshold": 0.7}}})
    found = now.audio.input.turn_detection
    kept = (found.type, found.silence_duration_ms, found.threshold)
    assert kept == ("server_vad", 650, 0.7), f"{kept}"
    return "yes"


@check("a telephone's samples (`audio/pcmu`)")
async def _() -> str:
    async with calling() as caller:
        form = {"format": {"type": "audio/pcmu"}}
        now = await caller.set(audio={"input": form, "output": form})
        assert now.audio.output.format.type == "audio/pcmu", "it told another format"
        await caller.type("Hello.")
        await caller.until("response.done")
        size = sum(len(base64.b64decode(e.delta)) for e in caller.of("response.output_audio.delta"))
    assert 4_000 < size < 24_000, f"{size} bytes"
    return "yes"


@check("an error names the client's event, and ends nothing")
async def _() -> str:
    async with calling() as caller:
        wrong = {"type": "conversation.item.retrieve", "item_id": "none", "event_id": "mine"}
        await caller.send(**wrong)
        event = await caller.until("error", error=True)
        assert event.error.event_id == "mine", f"it named {event.error.event_id}"
        await caller.send(type="no.such.event", event_id="mine")
        await caller.until("error", error=True)
        return await caller.alive()


@check("`response.cancel` without one: `response_cancel_not_active`")
async def _() -> str:
    async with calling() as caller:
        await caller.send(type="response.cancel")
        event = await caller.until("error", error=True)
        code = event.error.code
        assert code == "response_cancel_not_active", f"{code}"
        return await caller.alive()


@check("an image is refused kindly")
async def _() -> str:
    async with calling() as caller:
        content = [{"type": "input_image", "image_url": "data:image/png;base64,AAAA"}]
        item = {"type": "message", "role": "user", "content": content}
        await caller.send(type="conversation.item.create", item=item)
        event = await caller.until("error", "conversation.item.added", error=True)
        await caller.alive()
    return "yes" if event.type == "error" else "it is taken"


@check("a transcription session (`?intent=transcription`)")
async def _() -> str:
    async with calling(intent="transcription") as caller:
        speaking = asyncio.create_task(caller.speak(4.0))
        await caller.until("conversation.item.input_audio_transcription.completed")
        speaking.cancel()
        assert not caller.of("response.created"), "it answered"
    return "yes"


@check("`client_secrets`")
async def _() -> str:
    session: Any = {"type": "realtime", "instructions": "Be brief."}
    made = await CLIENT.realtime.client_secrets.create(session=session)
    assert made.value.startswith("ek_"), "no ek_"
    return "yes"


@check("two callers at once")
async def _() -> str:
    async with calling() as one, calling() as other:
        await asyncio.gather(one.type("Hello."), other.type("Hello."))
        await asyncio.gather(one.until("response.done"), other.until("response.done"))
    return "yes"


@check("a conversation goes on over another connection")
async def _() -> str:
    async with calling() as caller:
        session = caller.told[0].session.id
        await caller.type("My name is Ada.")
        await caller.until("response.done")
    async with calling(model="gpt-realtime", session=session) as caller:
        await caller.type("Who am I?")
        done = await caller.until("response.done")
        said = done.response.output[0].content[0].transcript
    assert "Ada" in said, "it does not remember"
    return "yes"


async def main() -> dict[str, str]:
    found = {}
    for what, does in CHECKS.items():
        try:
            async with asyncio.timeout(60):
                found[what] = await does()
        except Exception as error:  # noqa: BLE001  # it is what is asked
            found[what] = f"no: {str(error)[:90] or type(error).__name__}"
        print(what, "|", found[what], file=sys.stderr, flush=True)
        await asyncio.sleep(1)
    return found


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main())))
