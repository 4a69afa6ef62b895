"""Engines on trial: each does a job of its stage, and returns the result and the durations."""

import asyncio
import time
from contextlib import aclosing
from typing import Protocol

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
from workers.engines import factory, llm_factory
from workers.engines.protocols import LanguageModel, Prompt, Recognizer, Synthesizer


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """The result of an engine for a job. Durations are in ms, without queueing."""

    model: str
    took_ms: float
    first_ms: float | None = None
    """Time to the first token or chunk."""
    text: str = ""
    audio_ms: int = 0


class Candidate(Protocol):
    """One engine on trial."""

    model: str

    async def warm(self) -> None:
        """Load the model."""

    async def collect(self, bus: Bus, event: AnyEvent) -> bytes:
        """Return the job's further input, such as audio, while it is still available."""
        del bus, event
        return b""

    def matches(self, job: AnyEvent, event: AnyEvent) -> Work | None:
        """Return the result of the engine in service for *job*, if *event* holds it."""

    async def run(self, event: AnyEvent, collected: bytes) -> Work:
        """Do the job."""


class _Recognition(Candidate):
    def __init__(self, engine: Recognizer, redaction: Redaction) -> None:
        self.model = engine.name
        self._engine = engine
        self._redaction = redaction

    async def warm(self) -> None:
        await asyncio.to_thread(self._engine.warm)

    async def collect(self, bus: Bus, event: AnyEvent) -> bytes:
        """Record the audio now, since the bus keeps it for a minute only."""
        assert isinstance(event, SpeechStarted)  # noqa: S101  # the subscription says so
        coming = audio_messages(bus, event.session, event.utterance)
        return b"".join([message.pcm async for message in coming])

    def matches(self, job: AnyEvent, event: AnyEvent) -> Work | None:
        match job, event:
            case SpeechStarted(utterance=asked), TranscriptFinal(utterance=heard) if asked == heard:
                return Work(
                    model=event.model,
                    took_ms=event.took_ms,
                    text=event.text,
                    audio_ms=event.audio_ms,
                )
        return None

    async def run(self, event: AnyEvent, audio: bytes) -> Work:
        assert isinstance(event, SpeechStarted)  # noqa: S101  # the same

        def transcribe() -> Work:
            heard = self._engine.transcribe(audio, language=event.language)
            took_ms = round(heard.took_ms, 1)
            audio_ms = len(audio) // BYTES_PER_MS
            text = self._redaction.mask(heard.text)
            return Work(model=self.model, took_ms=took_ms, text=text, audio_ms=audio_ms)

        return await asyncio.to_thread(transcribe)


class _Answer(Candidate):
    def __init__(self, engine: LanguageModel) -> None:
        self.model = engine.name
        self._engine = engine

    async def warm(self) -> None:
        await self._engine.warm()

    def matches(self, job: AnyEvent, event: AnyEvent) -> Work | None:
        match job, event:
            case TurnTaken(turn=asked), ResponseCompleted(turn=done) if asked == done:
                return Work(model=event.model, took_ms=event.took_ms, text=event.text)
        return None

    async def run(self, event: AnyEvent, audio: bytes) -> Work:
        assert isinstance(event, TurnTaken)  # noqa: S101  # the same
        del audio
        prompt = Prompt(
            system=event.system,
            messages=tuple((m.role, m.text) for m in event.messages if m.role != "tool"),
            max_tokens=event.max_tokens,
            temperature=event.temperature,
            seed=event.seed,
        )
        began, first_ms, text = time.monotonic(), None, ""
        async with aclosing(self._engine.stream(prompt)) as stream:
            async for token in stream:
                if not isinstance(token, str):
                    continue
                first_ms = first_ms or _ms_since(began)
                text += token
        return Work(
            model=self.model, took_ms=_ms_since(began), first_ms=first_ms, text=text.strip()
        )


class _Voice(Candidate):
    def __init__(self, engine: Synthesizer) -> None:
        self.model = engine.name
        self._engine = engine

    async def warm(self) -> None:
        await asyncio.to_thread(self._engine.warm)

    def matches(self, job: AnyEvent, event: AnyEvent) -> Work | None:
        match job, event:
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

    async def run(self, event: AnyEvent, audio: bytes) -> Work:
        assert isinstance(event, ResponseSentence)  # noqa: S101  # the same
        del audio

        def speak() -> Work:
            began, first_ms, size = time.monotonic(), None, 0
            for piece in self._engine.synthesize(event.text):
                first_ms = first_ms or _ms_since(began)
                size += len(piece)
            return Work(
                model=self.model,
                took_ms=_ms_since(began),
                first_ms=first_ms,
                audio_ms=size // BYTES_PER_MS,
            )

        return await asyncio.to_thread(speak)


def recognizer(settings: Settings) -> Candidate:
    return _Recognition(factory.recognizer(settings), Redaction.of(settings.redact))


def language_model(settings: Settings) -> Candidate:
    return _Answer(llm_factory.language_model(settings))


def synthesizer(settings: Settings) -> Candidate:
    return _Voice(factory.synthesizer(settings))


def _ms_since(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 1)
