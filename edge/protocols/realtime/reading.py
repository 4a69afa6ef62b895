"""A client's events of `/v1/realtime`, read: sound in a fifth of the time of any other."""

from __future__ import annotations

import json
from typing import Any, Literal

import msgspec

from edge.protocols.parsing import NotJsonError, clean, parse
from edge.protocols.realtime.wire import RequestError


class Append(msgspec.Struct, frozen=True):
    """`input_audio_buffer.append`; whatever else is in it has no meaning."""

    type: Literal["input_audio_buffer.append"]
    audio: bytes
    """Base64 of the usual alphabet, padded."""


_APPEND = msgspec.json.Decoder(Append)


def appended(frame: str) -> bytes | None:
    """Return the audio in an append as clients write it.

    None: it is another event, has base64 of another form, or is to be refused.
    """
    try:
        return _APPEND.decode(frame).audio
    except (msgspec.DecodeError, RecursionError):
        return None


def parsed(frame: str) -> dict[str, Any]:
    """Return the event in *frame*, every text of which can be encoded.

    Raises:
        RequestError: there is none.
    """
    try:
        message = parse(frame)
        if "\\ud" in frame or "\\uD" in frame:  # half a surrogate pair may be among them
            message = parse(clean(json.dumps(message, ensure_ascii=False)))
    except NotJsonError:
        told = "Invalid event: expected a JSON object with a string 'type'."
        raise RequestError("invalid_json", told) from None
    return message
