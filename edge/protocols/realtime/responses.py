"""One response of `/v1/realtime`, from `response.created` to `response.done`, event by event."""

from dataclasses import dataclass, field
from typing import Any, Literal

from edge.core.messages.client_events import ClientToolCalled, Speech
from edge.core.session.message_names import response_key
from edge.protocols.client_protocol import Json
from edge.protocols.parsing import to_base64
from edge.protocols.realtime.items import Item, Items, as_json
from edge.protocols.realtime.session_object import AudioFormat
from edge.protocols.realtime.wire import Ids
from runtime.audio import g711
from schemas.audio import RATE_HZ

Modality = Literal["audio", "text"]
Status = Literal["completed", "cancelled", "failed"]


@dataclass(frozen=True)
class RequestedResponse:
    """The client's parameters for a response that it asked for."""

    modality: Modality
    metadata: dict[str, str] | None = None
    in_conversation: bool = True
    """Whether it becomes part of the conversation."""


@dataclass
class OpenResponse:
    """A response in progress. Its message item begins with the first words or audio."""

    ids: Ids
    items: Items
    turn: int
    request: RequestedResponse
    form: AudioFormat
    voice: Any
    offset_ms: int = 0
    """Audio of the turn's response in earlier items, ms, if it continues after an interruption."""
    on_track: bool = False
    """Whether its audio goes over a track, and not in messages."""
    id: str = ""
    item: Item | None = None
    """The message item."""
    calls: list[Item] = field(default_factory=list)
    """The items of calls of the client's tools."""
    usage: Json | None = None
    is_cancelled: bool = False
    """Whether the client has cancelled it."""
    _told: dict[str, Any] = field(default_factory=dict)
    _before: str | None = None
    """The id of the item before its message item."""
    _place: int = 0
    """The index of its message item in the response's output."""
    _sent_bytes: int = 0

    def begin(self, conversation: str) -> Json:
        self.id = self.ids.new("resp")
        self._told = {
            "id": self.id,
            "object": "realtime.response",
            "conversation_id": conversation if self.request.in_conversation else None,
            "output_modalities": [self.request.modality],
            "audio": {"output": {"format": self.form.as_json, "voice": self.voice}},
            "metadata": self.request.metadata,
        }
        return self.ids.event("response.created", response=self._response("in_progress", None))

    def speech(self, speech: Speech) -> list[Json]:
        """Return the events of a piece; its audio is s16le mono at the session's rate.

        Audio for a track has 16 kHz and is not put into events.
        """
        item, out = self.item, list[Json]()
        if item is None:
            if not speech.text and not speech.pcm:
                return []
            item, out = self._begin_item()
        where = self._where(item)
        if speech.text:
            item.words.append((item.sent_ms, speech.text))
            more = {"start_time": item.sent_ms / 1000} if item.spoken else {}
            out.append(self._of_words("delta", **where, delta=speech.text, **more))
        if speech.pcm and item.spoken:
            self._sent_bytes += len(speech.pcm)
            rate_hz = RATE_HZ if self.on_track else self.form.rate_hz
            item.sent_ms = self._sent_bytes * 1000 // (2 * rate_hz)
            if not self.on_track:
                audio = to_base64(encoded(speech.pcm, self.form))
                out.append(self.ids.event("response.output_audio.delta", **where, delta=audio))
        return out

    def end(
        self, status: Status, *, reason: str | None = None, error: Json | None = None
    ) -> list[Json]:
        """Return the events that end the response."""
        out: list[Json] = []
        if item := self.item:
            modality, said = self.request.modality, self._said(item)
            item.body["status"] = "completed" if status == "completed" else "incomplete"
            item.body["content"] = [{"type": f"output_{modality}", **said}]
            where = self._where(item)
            if item.spoken:
                out.append(self.ids.event("response.output_audio.done", **where))
            out.append(self._of_words("done", **where, **said))
            part = {"type": modality, **said}
            out.append(self.ids.event("response.content_part.done", **where, part=part))
            out += self._of_item("done", item, self._place, self._before)
        details: dict[str, Any] | None = None
        if status != "completed":
            details = {"type": status}
            details |= {"reason": reason} if reason else {}
            details |= {"error": error} if error else {}
        out.append(self.ids.event("response.done", response=self._response(status, details)))
        return out

    def call(self, event: ClientToolCalled) -> list[Json]:
        """Return the events of a tool call; clients expect the item before its arguments."""
        name, place = self.ids.new("item"), len(self.calls) + (self.item is not None)
        call_fields = {"name": event.name, "call_id": event.call}
        body = {
            "id": name,
            "object": "realtime.item",
            "type": "function_call",
            "status": "in_progress",
            **call_fields,
            "arguments": "",
        }
        item = Item(body, turn=self.turn)
        before = self.items.add(item) if self.request.in_conversation else None
        self.calls.append(item)
        where = {"response_id": self.id, "item_id": name, "output_index": place}
        kind, arguments = "response.function_call_arguments", event.arguments
        out = self._of_item("added", item, place, before)
        item.body |= {"status": "completed", "arguments": arguments}
        return [
            *out,
            self.ids.event(f"{kind}.delta", **where, call_id=event.call, delta=arguments),
            self.ids.event(f"{kind}.done", **where, **call_fields, arguments=arguments),
            *self._of_item("done", item, place, before),
        ]

    @property
    def _output(self) -> list[Json]:
        items = list(self.calls)
        if self.item:
            items.insert(self._place, self.item)
        return [as_json(item) for item in items]

    def _begin_item(self) -> tuple[Item, list[Json]]:
        body = {
            "id": self.ids.new("item"),
            "object": "realtime.item",
            "type": "message",
            "status": "in_progress",
            "role": "assistant",
            "content": [],
        }
        key = response_key(self.turn) if self.request.in_conversation else ""
        spoken = self.request.modality == "audio"
        item = self.item = Item(body, key, self.turn, self.offset_ms, spoken)
        self._before = self.items.add(item) if self.request.in_conversation else None
        self._place = len(self.calls)
        part = {"type": self.request.modality, **self._said(item)}
        return item, [
            *self._of_item("added", item, self._place, self._before),
            self.ids.event("response.content_part.added", **self._where(item), part=part),
        ]

    def _of_item(
        self, what: Literal["added", "done"], item: Item, place: int, before: str | None
    ) -> list[Json]:
        """Return the events of *item*, at *place* in the output and after *before*."""
        kinds: dict[str, Json] = {
            "response.output_item": {"response_id": self.id, "output_index": place}
        }
        if self.request.in_conversation:
            kinds["conversation.item"] = {"previous_item_id": before}
        order = kinds if what == "added" else reversed(kinds)
        shown = as_json(item)
        return [self.ids.event(f"{kind}.{what}", **kinds[kind], item=shown) for kind in order]

    def _of_words(self, what: Literal["delta", "done"], **fields: Any) -> Json:
        spoken = self.request.modality == "audio"
        kind = "response.output_audio_transcript" if spoken else "response.output_text"
        return self.ids.event(f"{kind}.{what}", **fields)

    @staticmethod
    def _said(item: Item) -> dict[str, str]:
        """Return the words of *item* so far as clients get them."""
        words = "".join(text for _, text in item.words)
        return {"transcript" if item.spoken else "text": words}

    def _where(self, item: Item) -> dict[str, Any]:
        name = item.body["id"]
        where = {"response_id": self.id, "item_id": name}
        return {**where, "output_index": self._place, "content_index": 0}

    def _response(self, status: str, details: Json | None) -> Json:
        return {
            **self._told,
            "status": status,
            "status_details": details,
            "output": self._output,
            "usage": self.usage,
        }


def usage(prompt_tokens: int, completion_tokens: int) -> Json:
    """Return the usage of a response, in tokens of the language model."""
    return {
        "total_tokens": prompt_tokens + completion_tokens,
        "input_tokens": prompt_tokens,
        "output_tokens": completion_tokens,
        "input_token_details": {
            "text_tokens": prompt_tokens,
            "audio_tokens": 0,
            "image_tokens": 0,
            "cached_tokens": 0,
        },
        "output_token_details": {"text_tokens": completion_tokens, "audio_tokens": 0},
    }


def encoded(pcm: bytes, form: AudioFormat) -> bytes:
    """Return *pcm* (s16le mono, at the rate of *form*) encoded in *form*."""
    law = form.samples.encoding
    return g711.encode(pcm, law) if law in ("mulaw", "alaw") else pcm
