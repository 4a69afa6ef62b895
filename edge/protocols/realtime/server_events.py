"""Turns client events into server events of `/v1/realtime`, in the order stock clients rely on.

    speech_started -> speech_stopped -> committed -> item added, done -> transcription
    response.created -> item added -> deltas -> item done -> response.done

A start of speech over a response is told only once the call considers it an interruption, because
clients then drop their audio. A response that goes on after a false interruption is sent as a new
one.
"""

from typing import Any

import msgspec

from edge.core.messages.client_events import (
    CallerSilent,
    CallerStarted,
    CallerStopped,
    CallerTranscript,
    CallsDone,
    ClientEvent,
    ClientToolCalled,
    Interrupted,
    ResponseDone,
    ResponseDropped,
    ResponseRefused,
    ResponseStarted,
    Speech,
    Transferred,
    Trouble,
    TurnHandedIn,
)
from edge.protocols.client_protocol import Json, failed_stage
from edge.protocols.realtime.client_calls import ClientCalls
from edge.protocols.realtime.items import Items
from edge.protocols.realtime.output_buffer import OutputBuffer
from edge.protocols.realtime.responses import OpenResponse, RequestedResponse, usage
from edge.protocols.realtime.session_object import SessionObject
from edge.protocols.realtime.utterances import Utterances
from edge.protocols.realtime.wire import SERVER_ERROR, Ids, RequestError
from schemas.events import StageOrAudio

FAULTS: dict[StageOrAudio, str] = {
    "audio": "audio_failed",
    "stt": "transcription_failed",
    "llm": "language_model_failed",
    "tts": "voice_failed",
    "tool": "tool_failed",
}
"""Error codes, by the part of the server that failed."""
STAGE_FAILED = "a stage of the server failed; the conversation goes on"


class ServerEvents:
    """The server events of one connection, and the state that its client knows by them."""

    def __init__(self, ids: Ids, session: SessionObject, *, has_tracks: bool = False) -> None:
        """Begin a connection; *has_tracks*: the client hears Aura over a track, not in messages."""
        self.ids = ids
        self.has_tracks = has_tracks
        self.output = OutputBuffer(ids)
        self.items = Items()
        self.utterances = Utterances(ids, self.items, session)
        self.conversation = ""
        self.open: OpenResponse | None = None
        self.asks: dict[str, RequestedResponse] = {}
        """Requested responses that have not started."""
        self.offsets: dict[int, int] = {}
        """The position in an interrupted response, ms, at which it may go on, by its turn."""
        self.turn = 0
        """The turn of the last response."""
        self.calls = ClientCalls()
        self._whole = 0
        """The last turn whose response was sent completely; a greeting always is."""

    @property
    def session(self) -> SessionObject:
        return self.utterances.session

    @session.setter
    def session(self, session: SessionObject) -> None:
        self.utterances.session = session

    def messages(self, event: ClientEvent) -> list[Json]:
        match event:
            case CallerStarted():
                return self.utterances.began(event)
            case CallerStopped():
                return self.utterances.ended(event)
            case TurnHandedIn(utterance=number):
                return self.utterances.handed_in(number)
            case CallerTranscript(final=True):
                return self.utterances.transcribed(event)
            case CallerSilent(silence_ms=silence_ms):
                return self.utterances.timed_out(silence_ms)
            case Trouble():
                return self._trouble(event)
            case Transferred(agent):
                self.session = msgspec.structs.replace(self.session, model=agent)
                told = self.session.as_json(self.conversation)
                return [self.ids.event("session.updated", session=told)]
            case _:
                return self._of_response(event)

    def _of_response(self, event: ClientEvent) -> list[Json]:
        match event:
            case ResponseStarted(turn=turn) if self._open_to(turn):
                return []  # the open response continues with the results of Aura's own tools
            case ResponseStarted():
                return self._started(event)
            case ResponseRefused(ask):
                return self._refused(ask)
            case Speech():
                return self._spoken(event)
            case ClientToolCalled():
                return self._called(event)
            case CallsDone():
                return self._calls_done(event)
            case ResponseDone():
                return self._done(event)
            case Interrupted(turn=turn, played_ms=played_ms):
                self.offsets = {turn: played_ms}
                silenced = self._silenced(turn, played_ms) if self.has_tracks else []
                return [*self._cut(turn), *silenced]
            case ResponseDropped():
                return self._dropped(event)
            case _:
                return []

    # -------------------------------------------------------- the response

    def _started(self, started: ResponseStarted) -> list[Json]:
        if started.turn == self.turn:  # the next step of its response
            self.calls.give_up()
        request = self._request_of(started.ask or self.calls.follow_up)
        if request is None and started.delivery:  # requested over an earlier connection
            request = RequestedResponse("text" if started.delivery == "text" else "audio")
        self.turn = started.turn
        return [self._respond(self.turn, request).begin(self.conversation)]

    def _request_of(self, ask: str) -> RequestedResponse | None:
        """Return the request of the response that begins or ends now; it waits for no call."""
        self.calls.wait_no_more()
        return self.asks.pop(ask, None)

    def _refused(self, ask: str) -> list[Json]:
        if self.asks.pop(ask, None) is None:  # requested over an earlier connection
            return []
        reason = "No response is given: the operator has muted it, or a limit is reached."
        return [self.ids.error(RequestError("response_refused", reason), None, SERVER_ERROR)]

    def _open_to(self, turn: int) -> OpenResponse | None:
        """Return the open response, if it is to *turn*."""
        return self.open if self.open and self.open.turn == turn else None

    def _respond(self, turn: int, request: RequestedResponse | None = None) -> OpenResponse:
        """Open a response to *turn*."""
        voice = self.session.audio.output.voice
        self.open = OpenResponse(
            self.ids,
            self.items,
            turn,
            request or RequestedResponse(self.session.modality),
            self.session.output_format,
            voice if voice is None or isinstance(voice, str) else voice.id,
            offset_ms=self.offsets.pop(turn, 0),
            on_track=self.has_tracks,
        )
        return self.open

    def _spoken(self, speech: Speech) -> list[Json]:
        response, out = self._open_to(speech.turn), list[Json]()
        if response is None:
            if not speech.text and not speech.pcm:
                return []
            held = self.calls.follow_up if self.calls.hold_the_turn else ""
            response = self._respond(speech.turn, self.asks.pop(held, None))
            out = [response.begin(self.conversation)]
        out += response.speech(speech)
        if self.has_tracks and speech.pcm and response.request.modality == "audio":
            out += self.output.started(speech.turn, response.id)
        if speech.ends and speech.turn in {0, self._whole}:
            out += self._end(speech.turn, "completed")
        return out

    def _called(self, event: ClientToolCalled) -> list[Json]:
        if not self.calls.add(event):
            return []
        if self.open:
            return self.open.call(event)
        response = self._respond(self.turn)
        return [response.begin(self.conversation), *response.call(event)]

    def _calls_done(self, event: CallsDone) -> list[Json]:
        """End a response that calls tools of the client; another response follows their results."""
        response = self._open_to(event.turn)
        return self._completed(event) if response and response.calls else []

    def _done(self, event: ResponseDone) -> list[Json]:
        self._whole = event.turn
        if self.calls.hold_the_turn:
            self._request_of(self.calls.follow_up)
        return self._completed(event)

    def _completed(self, event: CallsDone | ResponseDone) -> list[Json]:
        if response := self._open_to(event.turn):
            response.usage = usage(event.prompt_tokens, event.completion_tokens)
        return self._end(event.turn, "completed")

    def _dropped(self, dropped: ResponseDropped) -> list[Json]:
        self._request_of(self.calls.follow_up)
        if dropped.reason != "failed":
            return self._cut(dropped.turn)
        error = {"type": SERVER_ERROR, "code": "response_failed", "message": STAGE_FAILED}
        return self._end(dropped.turn, "failed", error=error)

    def _cut(self, turn: int) -> list[Json]:
        """Return the events of a response that the caller or the client cut short."""
        if self.open and self.open.is_cancelled:
            return [
                *self._end(turn, "cancelled", reason="client_cancelled"),
                *self.utterances.starts(),
            ]
        return [*self.utterances.starts(), *self._end(turn, "cancelled", reason="turn_detected")]

    def _silenced(self, turn: int, played_ms: int) -> list[Json]:
        """Return the events of a track that fell silent, with the part that was heard."""
        out = self.output.cleared(turn)
        item = self.items.spoken_in(turn)
        if item is not None and played_ms - item.offset_ms < item.sent_ms:
            end_ms = max(0, played_ms - item.offset_ms)
            out.append(self.ids.event("conversation.item.truncated", **item.cut(end_ms)))
        return out

    def _end(self, turn: int, status: Any, **why: Any) -> list[Json]:
        if (response := self._open_to(turn)) is None:
            return []
        self.open = None
        return response.end(status, **why)

    def _trouble(self, event: Trouble) -> list[Json]:
        """Return the events of a failure that the end of a response or an item does not report."""
        stage = failed_stage(event)
        failed = {"type": SERVER_ERROR, "code": FAULTS[stage], "message": event.reason}
        out: list[Json] = []
        if stage == "stt":
            out = self.utterances.failed(event.utterance, failed)
            if out and not event.fatal:
                return out
        elif stage != "audio" and not event.fatal:
            return out
        error = RequestError(FAULTS[stage], event.reason)
        return [*out, self.ids.error(error, None, SERVER_ERROR)]
