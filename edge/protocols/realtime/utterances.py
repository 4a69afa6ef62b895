"""The caller's utterances as events of `/v1/realtime`: speech, item, transcript.

    UNREPORTED --start--> STARTED
    UNREPORTED, STARTED --commit--> COMMITTED

The start of speech over a response is told once it is known to be an interruption.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from edge.core.messages.client_events import CallerStarted, CallerStopped, CallerTranscript
from edge.protocols.client_protocol import Json
from edge.protocols.realtime.items import Item, Items, as_json, utterance_item
from edge.protocols.realtime.session_object import SessionObject
from edge.protocols.realtime.wire import Ids
from runtime.moves import moved

MOST_UTTERANCES = 8
"""The most utterances that wait for their words."""


class ReportPhase(Enum):
    """The phase of an utterance, as the client knows it."""

    UNREPORTED = auto()
    STARTED = auto()
    COMMITTED = auto()


class ReportMove(Enum):
    """The moves between phases."""

    START = auto()
    COMMIT = auto()


UNREPORTED, STARTED, COMMITTED = ReportPhase
REPORT_MOVES: Mapping[tuple[ReportPhase, ReportMove], ReportPhase] = {
    (UNREPORTED, ReportMove.START): STARTED,
    (UNREPORTED, ReportMove.COMMIT): COMMITTED,
    (STARTED, ReportMove.COMMIT): COMMITTED,
}


@dataclass
class ReportedUtterance:
    """One utterance of the caller."""

    item: str
    start_ms: int
    """The start, in the audio that the client appended."""
    phase: ReportPhase = UNREPORTED
    audio_ms: int = 0

    def move(self, move: ReportMove) -> None:
        """Enter the phase after *move*.

        Raises:
            IllegalMoveError: the phase has no such move.
        """
        self.phase = moved(REPORT_MOVES, self.phase, move)


class Utterances:
    """The utterances that one client knows."""

    def __init__(self, ids: Ids, items: Items, session: SessionObject) -> None:
        self.ids = ids
        self.items = items
        self.session = session
        self.appended_ms = 0.0
        """The caller's audio so far, ms."""
        self._by_number: dict[int, ReportedUtterance] = {}

    @property
    def is_open(self) -> bool:
        """Whether an utterance has begun that is not committed."""
        return any(spoken.phase is not COMMITTED for spoken in self._by_number.values())

    def began(self, event: CallerStarted) -> list[Json]:
        start_ms = max(0, int(self.appended_ms) - event.ago_ms)
        spoken = ReportedUtterance(self.ids.new("item"), start_ms)
        self._by_number[event.utterance] = spoken
        if len(self._by_number) > MOST_UTTERANCES:
            del self._by_number[next(iter(self._by_number))]
        if self.session.is_manual or event.over_response:
            return []
        return self._start(spoken)

    def _start(self, spoken: ReportedUtterance) -> list[Json]:
        if spoken.phase is not UNREPORTED or self.session.is_manual:
            return []
        spoken.move(ReportMove.START)
        kind = "input_audio_buffer.speech_started"
        return [self.ids.event(kind, audio_start_ms=spoken.start_ms, item_id=spoken.item)]

    def starts(self) -> list[Json]:
        """Return the events of starts that were kept back; they were interruptions after all."""
        return [message for spoken in self._by_number.values() for message in self._start(spoken)]

    def ended(self, event: CallerStopped) -> list[Json]:
        spoken = self._by_number.get(event.utterance)
        if spoken is None:
            return []
        spoken.audio_ms = event.audio_ms
        if event.discarded:
            del self._by_number[event.utterance]
        if self.session.is_manual or (event.discarded and spoken.phase is UNREPORTED):
            return []
        out = [] if event.discarded else self._start(spoken)
        end_ms = max(spoken.start_ms, int(self.appended_ms) - event.ago_ms)
        kind = "input_audio_buffer.speech_stopped"
        return [*out, self.ids.event(kind, audio_end_ms=end_ms, item_id=spoken.item)]

    def handed_in(self, utterance: int) -> list[Json]:
        spoken = self._by_number.get(utterance)
        out = self._commit(spoken or ReportedUtterance(self.ids.new("item"), int(self.appended_ms)))
        if spoken is None:  # the committed audio had no words
            out += self._transcription(self.items.last or "", "", 0)
        return out

    def _commit(self, spoken: ReportedUtterance) -> list[Json]:
        spoken.move(ReportMove.COMMIT)
        item = Item(utterance_item(spoken.item))
        before = self.items.add(item)
        body = as_json(item)
        kind = "input_audio_buffer.committed"
        return [
            self.ids.event(kind, item_id=spoken.item, previous_item_id=before),
            self.ids.event("conversation.item.added", item=body, previous_item_id=before),
            self.ids.event("conversation.item.done", item=body, previous_item_id=before),
        ]

    def transcribed(self, event: CallerTranscript) -> list[Json]:
        spoken = self._by_number.pop(event.utterance, None)
        if spoken is None:  # typed, or spoken before this connection
            return []
        out = [] if spoken.phase is COMMITTED else self._commit(spoken)
        if spoken.item in self.items:
            item = self.items.get({"item_id": spoken.item}, "retrieve")
            item.key = event.key
            item.body["content"] = [{"type": "input_audio", "transcript": event.text}]
        return out + self._transcription(spoken.item, event.text, spoken.audio_ms)

    def _transcription(self, item: str, words: str, audio_ms: int) -> list[Json]:
        if self.session.audio.input.transcription is None:
            return []
        kind = "conversation.item.input_audio_transcription"
        where: dict[str, Any] = {"item_id": item, "content_index": 0}
        cost = {"type": "duration", "seconds": audio_ms / 1000}
        delta = [self.ids.event(f"{kind}.delta", **where, delta=words)] if words else []
        done = self.ids.event(f"{kind}.completed", **where, transcript=words, usage=cost)
        return [*delta, done]

    def timed_out(self, silence_ms: int) -> list[Json]:
        end_ms = int(self.appended_ms)
        spoken = ReportedUtterance(self.ids.new("item"), end_ms)
        timed_out = self.ids.event(
            "input_audio_buffer.timeout_triggered",
            audio_start_ms=max(0, end_ms - silence_ms),
            audio_end_ms=end_ms,
            item_id=spoken.item,
        )
        return [timed_out, *self._commit(spoken)]

    def failed(self, utterance: int, error: Json) -> list[Json]:
        """Return the events of *utterance*, which has no transcript; 0: of all utterances."""
        numbers = [utterance] if utterance else list(self._by_number)
        lost = [self._by_number.pop(number) for number in numbers if number in self._by_number]
        kind = "conversation.item.input_audio_transcription.failed"
        where: dict[str, Any] = {"content_index": 0, "error": error}
        committed = [spoken.item for spoken in lost if spoken.phase is COMMITTED]
        return [self.ids.event(kind, item_id=item, **where) for item in committed]
