"""Engines on trial: each does a job of its stage, and returns the result and the durations."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import msgspec

from runtime.bus.audio_messages import audio_messages
from runtime.bus.connection import Bus
from runtime.settings import Settings
from runtime.text.redaction import Redaction
from schemas.audio import BYTES_PER_MS
from schemas.events import (
    AnyEvent,
    ResponseCompleted,
    ResponseSentence,
    SpeechReady,
    SpeechStarted,
    TranscriptFinal,
    TurnTaken,
)
from schemas.languages import without_region
from workers.engines import factory, llm_factory
from workers.engines.protocols import Prompt, Recognizer, Synthesizer


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """The result of an engine for a job. Durations are in ms, without queueing."""

    model: str
    took_ms: float
    first_ms: float | None = None
    """Time to the first token or chunk."""
    text: str = ""
    audio_ms: int = 0


@dataclass(frozen=True)
class Candidate:
    """One engine on trial."""

    model: str
    warm: Callable[[], Coroutine[Any, Any, None]]
    run: Callable[[Any, bytes], Coroutine[Any, Any, Work]]
    """Does a job, by its event and its audio (`audio_of`)."""


def in_service(job: AnyEvent, event: AnyEvent) -> Work | None:
    """Return the result of the engine in service for *job*, if *event* holds it."""
    match job, event:
        case SpeechStarted(), TranscriptFinal() if job.utterance == event.utterance:
            return Work(
                model=event.model, took_ms=event.took_ms, text=event.text, audio_ms=event.audio_ms
            )
        case TurnTaken(), ResponseCompleted() if (job.turn, job.step) == (event.turn, event.step):
            return Work(model=event.model, took_ms=event.took_ms, text=event.text)
        case ResponseSentence(), SpeechReady() if (job.turn, job.index) == (
            event.turn,
            event.index,
        ):
            return Work(
                model=event.model,
                took_ms=event.took_ms,
                first_ms=event.first_chunk_ms,
                audio_ms=event.audio_ms,
            )
    return None


async def audio_of(bus: Bus, job: AnyEvent) -> bytes:
    """Return the audio of *job* as long as the bus keeps it; b"" if the job has none."""
    if not isinstance(job, SpeechStarted):
        return b""
    coming = audio_messages(bus, job.session, job.utterance)
    return b"".join([message.pcm async for message in coming])


def recognizer(settings: Settings) -> Candidate:
    engine, mask = factory.recognizer(settings), Redaction.of(settings.redact).mask

    def transcribe(event: SpeechStarted, audio: bytes) -> Work:
        recognition = engine.transcribe(audio, language=without_region(event.language))
        took_ms, audio_ms = round(recognition.took_ms, 1), len(audio) // BYTES_PER_MS
        return Work(
            model=engine.name, took_ms=took_ms, text=mask(recognition.text), audio_ms=audio_ms
        )

    return _in_thread(engine, transcribe)


def language_model(settings: Settings, now_s: Callable[[], float] = time.monotonic) -> Candidate:
    engine = llm_factory.language_model(settings)

    async def respond(event: TurnTaken, _: bytes) -> Work:
        prompt = Prompt(
            system=event.system,
            messages=tuple((m.role, m.text) for m in event.messages if m.role != "tool"),
            max_tokens=event.max_tokens,
            temperature=event.temperature,
            seed=event.seed,
        )
        began_s, first_ms, text = now_s(), None, ""
        async with aclosing(engine.stream(prompt)) as stream:
            async for token in stream:
                if isinstance(token, str):
                    first_ms = first_ms or _ms(now_s() - began_s)
                    text += token
        took_ms = _ms(now_s() - began_s)
        return Work(model=engine.name, took_ms=took_ms, first_ms=first_ms, text=text.strip())

    return Candidate(engine.name, engine.warm, respond)


def synthesizer(settings: Settings, now_s: Callable[[], float] = time.monotonic) -> Candidate:
    engine = factory.synthesizer(settings)

    def speak(event: ResponseSentence, _: bytes) -> Work:
        began_s, first_ms, size = now_s(), None, 0
        for piece in engine.synthesize(event.text):
            first_ms = first_ms or _ms(now_s() - began_s)
            size += len(piece)
        took_ms, audio_ms = _ms(now_s() - began_s), size // BYTES_PER_MS
        return Work(model=engine.name, took_ms=took_ms, first_ms=first_ms, audio_ms=audio_ms)

    return _in_thread(engine, speak)


def _in_thread(engine: Recognizer | Synthesizer, work: Callable[[Any, bytes], Work]) -> Candidate:
    return Candidate(
        engine.name,
        lambda: asyncio.to_thread(engine.warm),
        lambda event, audio: asyncio.to_thread(work, event, audio),
    )


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
