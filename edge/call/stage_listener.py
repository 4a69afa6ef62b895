"""Turns the stages' messages for one session into inputs of its call."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

import structlog

from edge.call.log_position import STAGE_KINDS, TAKEOVER_KIND
from edge.call.session_bus import SessionBus
from edge.core.messages.inputs import AnyInput, ChunkSpoken, PartialTranscript
from runtime.bus.delivery import Delivery, message_of
from runtime.bus.errors import BusAwayError
from schemas import codec, subjects
from schemas.audio import SpeechChunk, TranscriptPartial
from schemas.events import AnyEvent, SessionResumed, SessionStarted, tag

log = structlog.get_logger(__name__)

GiveInput = Callable[[AnyInput], None]
TakeEvent = Callable[[AnyEvent, int], None]
"""Takes an event with its sequence in the log."""
BEGINNINGS = (tag(SessionStarted), tag(SessionResumed), None)
"""The types by which a newer connection is noticed; None: the message does not tell its type."""


class StageListener:
    """Subscribes to the subjects of one session; malformed messages are logged and ignored."""

    def __init__(self, bus: SessionBus, session_ref: tuple[str, str]) -> None:
        """Subscribe for session *session_ref* (tenant, id)."""
        self._bus = bus
        self._session_ref = session_ref
        self._resyncing = asyncio.Lock()
        self._speech_read = (0, 0)
        """A turn, and the sequence up to which its audio was read again."""
        self._log = log.bind(session=session_ref[1])

    async def listen(self, stack: AsyncExitStack, give: GiveInput, take: TakeEvent) -> None:
        """Listen until *stack* is closed.

        Audio and partial transcripts go to *give*, and each event to *take*.
        """

        async def on_event(message: Delivery) -> None:
            self.event(message.data, message.subject, message.seq, take)

        async def on_beginning(message: Delivery) -> None:
            if message.type in BEGINNINGS:  # this connection has stored most others itself
                await on_event(message)

        async def on_speech(message: Delivery) -> None:
            self._speak(message.data, give)

        async def on_partial(message: Delivery) -> None:
            partial = message_of(TranscriptPartial, message.data, session=session)
            if partial is not None:
                give(PartialTranscript(partial.utterance, partial.audio_ms, partial.text))

        tenant, session = self._session_ref
        listeners = [(subjects.live(tenant, session, kind), on_event) for kind in STAGE_KINDS]
        listeners.append((subjects.live(tenant, session, TAKEOVER_KIND), on_beginning))
        listeners.append((subjects.speech(session), on_speech))
        listeners.append((subjects.partials(session), on_partial))
        for subject, listener in listeners:
            await stack.enter_async_context(self._bus.listening(subject, listener))

    def event(self, data: bytes, subject: str, seq: int, take: TakeEvent) -> None:
        """Pass an event, live or read from the log, on to *take*."""
        try:
            event = codec.decode(data)
        except codec.BadMessageError:
            self._log.warning("event_malformed", subject=subject)
            return
        take(event, seq)

    async def resync_speech(self, turn: int, give: GiveInput) -> None:
        """Read the audio of *turn* from its stream for *give*, since some of it was lost.

        What was read before is not read again.
        """
        subject = subjects.speech(self._session_ref[1], turn)
        async with self._resyncing:
            after = self._speech_read[1] if self._speech_read[0] == turn else 0
            try:
                for stored in await self._bus.read(subjects.AUDIO_STREAM, subject, after=after):
                    self._speak(stored.data, give)
                    self._speech_read = (turn, stored.seq)
            except BusAwayError:
                self._log.warning("speech_not_resynced", turn=turn)

    def _speak(self, data: bytes, give: GiveInput) -> None:
        if (chunk := message_of(SpeechChunk, data, session=self._session_ref[1])) is None:
            return
        give(ChunkSpoken(chunk.turn, chunk.index, chunk.chunk, chunk.pcm, chunk.last))
