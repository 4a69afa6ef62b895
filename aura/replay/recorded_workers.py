"""Workers for the stages that a replay does not drive; they publish recorded results.

Each result comes after its recorded delay.
"""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import msgspec

from aura.replay.recorded_stages import FromStage, RecordedStages
from edge.call.clock import now_ms
from edge.core.messages.inputs import ChunkSpoken, PartialTranscript, StageSaid
from runtime.bus.connection import Bus
from runtime.bus.delivery import Delivery
from schemas import events as ev
from schemas import subjects
from schemas.audio import BYTES_PER_MS, SpeechChunk, TranscriptPartial

SAME_PAUSE_MS = 60
"""A pause of the replay matches a recorded one if it is nearer than this."""
LETTER_MS = 60
"""The assumed audio of a sentence that was not recorded, ms for each letter."""
JOB_KINDS: tuple[ev.Kind, ...] = ("speech", "life", "turn", "say", "tool")
"""The kinds of events that are jobs, or that begin or end one."""


class RecordedWorkers:
    """Publishes the recorded results of the stages that are not driven."""

    def __init__(
        self,
        bus: Bus,
        session_ref: tuple[str, str],
        record: RecordedStages,
        recorded: tuple[ev.StageName, ...],
        tasks: asyncio.TaskGroup,
    ) -> None:
        """Publish the results in *record* for the stages *recorded*, in the session *session_ref*.

        *session_ref* is (tenant, session); *tasks* runs the delays.
        """
        self.later_ms = 0
        """Offset from the record's clock to the present one, ms."""
        self._bus = bus
        self._session_ref = session_ref
        self._record = record
        self._recorded = recorded
        self._tasks = tasks
        self._started_ms: dict[int, int] = {}
        self._words: dict[int, ev.TranscriptGuess] = {}
        self._speaking: dict[int, list[asyncio.Task[None]]] = {}

    async def listen(self, stack: AsyncExitStack) -> None:
        """Answer jobs while *stack* is open."""
        for kind in JOB_KINDS:
            subject = subjects.live(*self._session_ref, kind)
            await stack.enter_async_context(self._bus.listening(subject, self._on_event))

    async def _on_event(self, message: Delivery) -> None:
        event = message.readable()
        if event is None:
            return
        if isinstance(event, ev.SpeechStarted):
            self._started_ms[event.utterance] = event.at_ms
        elif isinstance(event, ev.ResponseCancelled):
            for task in self._speaking.pop(event.turn, []):
                task.cancel()
        elif isinstance(event, ev.ToolRequested) and _is_recorded(event):
            self._say(-1, *self._record.tool_result(event))
        if "stt" in self._recorded:
            self._transcribe(event)
        if "llm" in self._recorded and isinstance(event, ev.TurnTaken):
            for after_ms, result in self._record.response(event):
                if not _is_voice(result) or "tts" in self._recorded:
                    self._say(event.turn, after_ms, result)
        if "tts" in self._recorded and isinstance(event, ev.ResponseSentence):
            self._speak(event)

    async def grow(self, words: PartialTranscript) -> None:
        """Send the partial transcript *words*, which may have interrupted, unless STT is driven."""
        if "stt" in self._recorded:
            partial = TranscriptPartial(
                utterance=words.utterance, text=words.text, audio_ms=words.audio_ms
            )
            await self._bus.send(subjects.partials(self._session_ref[1]), partial)

    def _transcribe(self, event: ev.AnyEvent) -> None:
        if isinstance(event, ev.SpeechPaused):
            self._paused(event)
        elif isinstance(event, ev.SpeechEnded):
            self._ended(event)

    def _speak(self, event: ev.ResponseSentence) -> None:
        if event.turn == 0:
            for after_ms, result in self._record.greeting:
                if _is_voice(result):
                    self._say(0, after_ms, result)
        elif "llm" not in self._recorded:
            self._pretend(event)

    def _paused(self, event: ev.SpeechPaused) -> None:
        then = msgspec.structs.replace(event, speech_end_ms=event.speech_end_ms - self.later_ms)
        started_ms = self._started_ms.get(event.utterance, event.at_ms) - self.later_ms
        words = self._record.words(then, started_ms, near_ms=SAME_PAUSE_MS)
        if words:
            self._words[event.utterance] = words[0]
            self._say(-1, words[1], StageSaid(words[0]))

    def _ended(self, event: ev.SpeechEnded) -> None:
        words = self._words.get(event.utterance)
        final = ev.TranscriptFinal(
            tenant=event.tenant,
            session=event.session,
            at_ms=0,
            utterance=event.utterance,
            text=words.text if words else "",
            confidence=words.confidence if words else 0.0,
            audio_ms=event.at_ms - self._started_ms.get(event.utterance, event.at_ms),
            took_ms=words.took_ms if words else 0.0,
            model=words.model if words else "",
        )
        self._say(-1, 2, StageSaid(final))

    def _pretend(self, event: ev.ResponseSentence) -> None:
        """Send silence of the estimated length for a sentence that was not recorded."""
        audio_ms = len(event.text) * LETTER_MS
        count = max(1, -(-audio_ms // 1000))
        for k in range(count):
            pcm = bytes(BYTES_PER_MS * min(1000, audio_ms - 1000 * k))
            chunk = ChunkSpoken(event.turn, event.index, k, pcm, last=k == count - 1)
            self._say(event.turn, 100, chunk)
        ready = ev.SpeechReady(
            tenant=event.tenant,
            session=event.session,
            at_ms=0,
            turn=event.turn,
            index=event.index,
            chunks=count,
            audio_ms=audio_ms,
            first_chunk_ms=100.0,
            took_ms=100.0,
            model="replay",
        )
        self._say(event.turn, 101, StageSaid(ready))

    def _say(self, turn: int, after_ms: int, result: FromStage) -> None:
        task = self._tasks.create_task(self._later(max(0, after_ms) / 1000, result))
        if turn >= 0:
            self._speaking.setdefault(turn, []).append(task)

    async def _later(self, after_s: float, result: FromStage) -> None:
        await asyncio.sleep(after_s)
        tenant, session = self._session_ref
        if isinstance(result, ChunkSpoken):
            chunk = SpeechChunk(
                turn=result.turn,
                index=result.index,
                chunk=result.chunk,
                pcm=result.pcm,
                last=result.last,
            )
            await self._bus.send(subjects.speech(session, result.turn), chunk)
            return
        changes: dict[str, Any] = {"tenant": tenant, "session": session, "at_ms": now_ms()}
        if isinstance(result.event, ev.ResponseSentence):
            changes["recorded"] = self._recorded
        await self._bus.publish(msgspec.structs.replace(result.event, **changes))


def _is_recorded(event: ev.ToolRequested) -> bool:
    """Tell whether the record answers a call; built-in tools are run by the edge."""
    return "tool" in event.recorded and event.tool.kind != "builtin"


def _is_voice(result: FromStage) -> bool:
    return isinstance(result, ChunkSpoken) or isinstance(result.event, ev.SpeechReady)
