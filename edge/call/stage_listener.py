"""Turns the stages' messages for one session into inputs of its call."""

from collections.abc import Callable
from contextlib import AsyncExitStack

import structlog

from edge.call.log_position import HEARD_KINDS
from edge.call.session_bus import SessionBus
from edge.core.inputs import AnyInput, ChunkSpoken, PartialHeard
from runtime.bus.delivery import Delivery, message_of
from runtime.bus.errors import BusAwayError
from schemas import codec, subjects
from schemas.audio import SpeechChunk, TranscriptPartial
from schemas.events import AnyEvent

log = structlog.get_logger(__name__)


class StageListener:
    """Subscribes to the subjects of one session; malformed messages are logged and ignored."""

    def __init__(
        self,
        bus: SessionBus,
        whose: tuple[str, str],
        give: Callable[[AnyInput], None],
        on_event: Callable[[AnyEvent, int], None],
    ) -> None:
        """Subscribe for session *whose* (tenant, id): audio and partial transcripts go to *give*.

        *on_event* takes each event, with its sequence in the log.
        """
        self._bus = bus
        self._whose = whose
        self._give = give
        self._give_event = on_event
        self._log = log.bind(session=whose[1])

    async def listen(self, stack: AsyncExitStack) -> None:
        """Listen until *stack* is closed."""
        tenant, session = self._whose
        listeners = [(subjects.live(tenant, session, kind), self._on_event) for kind in HEARD_KINDS]
        listeners.append((subjects.speech(session), self._on_speech))
        listeners.append((subjects.partials(session), self._on_partial))
        for subject, listener in listeners:
            await stack.enter_async_context(self._bus.listening(subject, listener))

    def event(self, data: bytes, subject: str, seq: int) -> None:
        """Take an event, live or read from the log."""
        try:
            event = codec.decode(data)
        except codec.BadMessageError:
            self._log.warning("event_malformed", subject=subject)
            return
        self._give_event(event, seq)

    async def recover(self, turn: int) -> None:
        """Read the audio of *turn* from the stream, since some of it was lost."""
        subject = subjects.speech(self._whose[1], turn)
        try:
            for stored in await self._bus.read(subjects.AUDIO_STREAM, subject):
                self._speak(stored.data)
        except BusAwayError:
            self._log.warning("speech_not_recovered", turn=turn)

    async def _on_event(self, message: Delivery) -> None:
        self.event(message.data, message.subject, message.seq)

    async def _on_speech(self, message: Delivery) -> None:
        self._speak(message.data)

    def _speak(self, data: bytes) -> None:
        if (chunk := message_of(SpeechChunk, data, session=self._whose[1])) is None:
            return
        self._give(ChunkSpoken(chunk.turn, chunk.index, chunk.chunk, chunk.pcm, chunk.last))

    async def _on_partial(self, message: Delivery) -> None:
        partial = message_of(TranscriptPartial, message.data, session=self._whose[1])
        if partial is None:
            return
        self._give(PartialHeard(partial.utterance, partial.audio_ms, partial.text))
