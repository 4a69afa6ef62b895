"""`pipecat-ai`: its Realtime service in a pipeline; any error but two ends its receive loop."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from pipecat.frames.frames import (
    ErrorFrame,
    Frame,
    InputAudioRawFrame,
    InterruptionFrame,
    LLMFullResponseEndFrame,
    LLMRunFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.runner import PipelineRunner
from pipecat.pipeline.task import PipelineParams, PipelineTask
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.openai.realtime import events
from pipecat.services.openai.realtime.llm import OpenAIRealtimeLLMService

URL, SPEECH = sys.argv[1], Path(sys.argv[2])
"""Of the edge, and a file of s16le mono 24 kHz."""
CHUNK_BYTES = 48 * 40


class Ear(FrameProcessor):  # type: ignore[misc]  # of another environment
    """Notes what passes."""

    def __init__(self, found: dict[str, Any], name: str) -> None:
        super().__init__(name=name)
        self.found = found

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        match frame:
            case TTSAudioRawFrame(audio=audio):
                self.found["audio_ms"] += len(audio) // 48
            case TranscriptionFrame(text=text):
                self.found["heard"].append(text)
            case LLMFullResponseEndFrame():
                self.found["answers"] += 1
            case InterruptionFrame():
                self.found["interruptions"] += 1
            case ErrorFrame(error=error):
                self.found["errors"].append(str(error))
            case _:
                pass
        await self.push_frame(frame, direction)


async def main() -> dict[str, Any]:
    found: dict[str, Any] = {
        "audio_ms": 0,
        "heard": [],
        "answers": 0,
        "errors": [],
        "interruptions": 0,
    }
    audio = events.AudioConfiguration(
        input=events.AudioInput(
            transcription=events.InputAudioTranscription(),
            turn_detection=events.TurnDetection(silence_duration_ms=300),
        )
    )
    properties = events.SessionProperties(instructions="You are brief.", audio=audio)
    service = OpenAIRealtimeLLMService(
        api_key="demo_token",
        base_url=f"{URL.replace('http', 'ws')}/v1/realtime",
        settings=OpenAIRealtimeLLMService.Settings(
            model="gpt-realtime", session_properties=properties
        ),
    )
    context = LLMContext([{"role": "user", "content": "Greet me."}])
    both = LLMContextAggregatorPair(context)
    before, after = Ear(found, "before"), Ear(found, "after")
    pipeline = Pipeline([both.user(), before, service, after, both.assistant()])
    params = PipelineParams(audio_in_sample_rate=24_000, audio_out_sample_rate=24_000)
    task = PipelineTask(pipeline, params=params, enable_rtvi=False)

    async def until(answers: int) -> None:
        async with asyncio.timeout(30):
            while found["answers"] < answers:
                await asyncio.sleep(0.02)

    async def speak() -> None:
        pcm = SPEECH.read_bytes()
        for at in range(0, len(pcm), CHUNK_BYTES):
            await task.queue_frame(InputAudioRawFrame(pcm[at : at + CHUNK_BYTES], 24_000, 1))
            await asyncio.sleep(0.04)

    async def talk() -> None:
        await asyncio.sleep(1)
        await task.queue_frame(LLMRunFrame())
        await until(1)
        await speak()
        await until(2)
        await speak()
        await until(3)
        await task.cancel()

    talking = asyncio.create_task(talk())
    await PipelineRunner(handle_sigint=False).run(task)
    await talking
    return found


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main())))
