"""Hostile events for `/v1/realtime` and Twilio's protocol, from a random generator. Pure."""

import json
import random
from collections.abc import Sequence
from typing import Any

from edge.protocols.realtime.protocol import EVENTS

SCALARS: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 10**30, float("nan"), float("inf"), "", "a", "null"),
    *("\ud800", "\u0000", "\u202e", "x" * 70_000, "audio/pcm", "server_vad", "none", "root"),
    *("AAAA", "!!!!", "item_1", "ek_", [], {}, [[]], {"": {}}, [None] * 600),
]
NAMES = (
    "type event_id session item item_id previous_item_id audio audio_end_ms content_index response "
    "response_id input output format turn_detection threshold silence_duration_ms transcription "
    "language output_modalities instructions max_output_tokens conversation metadata role content "
    "text id transcript voice speed idle_timeout_ms eagerness create_response"
).split()
KINDS = [*EVENTS, "session.create", "", "error", "response.created"]


def _value(dice: random.Random, depth: int = 0) -> Any:
    if depth > 5 or dice.random() < 0.4:
        return dice.choice(SCALARS)
    if dice.random() < 0.2:
        return [_value(dice, depth + 1) for _ in range(dice.randrange(4))]
    names = dice.sample(NAMES, dice.randrange(6))
    return {name: _value(dice, depth + 1) for name in names}


def _sensible(dice: random.Random) -> dict[str, Any]:
    """Return a valid event, so that hostile ones come during a conversation."""
    kind = dice.choice(list(EVENTS))
    content = [{"type": "input_text", "text": "Hello."}]
    fields: dict[str, Any] = {
        "session.update": {"session": {"type": "realtime", "output_modalities": ["text"]}},
        "input_audio_buffer.append": {"audio": "AAAA" * 640},
        "conversation.item.create": {
            "item": {"type": "message", "role": "user", "content": content}
        },
        "response.create": {"response": {"metadata": {"a": "b"}}},
    }
    return {"type": kind, **fields.get(kind, {})}


def realtime(dice: random.Random) -> str | bytes:
    """Return a valid or a hostile event of `/v1/realtime`."""
    choice = dice.random()
    if choice < 0.05:
        return dice.randbytes(dice.randrange(60))
    if choice < 0.1:
        return dice.choice(["", "{", "[]", "7", '"a"', "[" * 100_000, '{"type": 7}', "\ufeff{}"])
    event = _sensible(dice)
    if choice < 0.8:
        for name in dice.sample(NAMES, dice.randrange(4)):
            event[name] = _value(dice)
        event["type"] = dice.choice(KINDS) if dice.random() < 0.5 else event["type"]
    text = json.dumps(event)
    if choice > 0.95:
        at = dice.randrange(len(text))
        text = text[:at] + dice.choice(["", "\\ud800", "}", "\x00"]) + text[at + 1 :]
    return text


def twilio(dice: random.Random, honest: Sequence[str]) -> Any:
    """Return one of the *honest* messages with a hostile change."""
    return _changed(dice, json.loads(dice.choice(honest)))


def _changed(dice: random.Random, whole: Any) -> Any:
    if isinstance(whole, dict) and whole and dice.random() < 0.8:
        name = dice.choice(list(whole))
        return {**whole, name: _changed(dice, whole[name])}
    return dice.choice([None, 7, -1.5, "", "x" * 500, [], {}, [[]], "\ud800", "9" * 99, True])
