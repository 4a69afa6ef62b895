"""The session's events in the form that a client may see.

A client never sees the prompt and history of a job, arguments and results of tools, names of
machines and models, operators' details of a failure, and words that were written but not spoken.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from edge.protocols.client_protocol import Json
from schemas.client_messages import SessionEvent
from schemas.events import WATERFALL, Event, tag

SHOWN: Mapping[str, tuple[str, ...]] = {
    "speech.started": ("utterance", "over_answer"),
    "speech.paused": ("utterance", "pause", "speech_end_ms"),
    "speech.continued": ("utterance", "pause"),
    "speech.ended": ("utterance", "pause", "speech_end_ms", "wait_ms", "discarded"),
    "transcript.guess": ("utterance", "pause", "cut_ms", "text", "confidence", "took_ms"),
    "transcript.final": ("utterance", "text", "confidence", "took_ms"),
    "turn.taken": ("turn", "utterance", "pause", "speculative"),
    "turn.committed": ("turn", "text", "guessed"),
    "response.sentence": ("turn", "index", "first_token_ms", "took_ms"),
    "response.completed": ("turn", "sentences", "took_ms"),
    "response.cancelled": ("turn", "reason"),
    "speech.ready": ("turn", "index", "audio_ms", "first_chunk_ms", "took_ms"),
    "tool.called": ("turn", "step", "call", "name", "took_ms"),
    "tool.returned": ("turn", "step", "call", "name", "took_ms"),
    "tool.failed": ("turn", "step", "call", "name", "reason", "took_ms"),
    "answer.heard": ("turn", "text", "complete", "played_ms"),
    "interruption.suspected": ("turn", "played_ms"),
    "interruption.stopped": ("turn", "played_ms"),
    "interruption.dismissed": ("turn", "played_ms"),
    "job.failed": ("stage", "turn", "attempts"),
    "turn.measured": ("turn", *WATERFALL, "stt_ms", "guesses", "retracted", "interrupted"),
}
"""The fields that a client gets, by event type, named as on the bus; other types are not sent."""


def event_messages(event: Event) -> list[Json]:
    """Return the messages for *event*, none for a type that is not sent."""
    name = tag(event)
    if name not in SHOWN:
        return []
    fields: Mapping[str, Any] = msgspec.to_builtins(event)
    data = {field: fields[field] for field in SHOWN[name]}
    return [SessionEvent(event=name, at_ms=event.at_ms, data=data).as_json()]
