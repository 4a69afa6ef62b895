"""Parses a client's events of `/v1/realtime`, with a path for audio that is five times as fast."""

import json
from typing import Any, Literal

import msgspec

from edge.protocols.parsing import NotJsonError, clean, parse
from edge.protocols.realtime.wire import RequestError


class Append(msgspec.Struct, frozen=True):
    """`input_audio_buffer.append`; its other fields are ignored."""

    type: Literal["input_audio_buffer.append"]
    audio: bytes
    """The audio as padded base64 of the usual alphabet."""


_APPEND = msgspec.json.Decoder(Append)


def appended(raw: str) -> bytes | None:
    """Return the audio in an append event of the usual form.

    None means that it is another event, has base64 of another form, or is invalid.
    """
    try:
        return _APPEND.decode(raw).audio
    except (msgspec.DecodeError, RecursionError):
        return None


def parsed(raw: str) -> dict[str, Any]:
    """Return the event in *raw*; all its strings are encodable.

    Raises:
        RequestError: *raw* holds no event.
    """
    try:
        message = parse(raw)
        if "\\ud" in raw or "\\uD" in raw:  # there may be an unpaired surrogate
            message = parse(clean(json.dumps(message, ensure_ascii=False)))
    except NotJsonError as error:
        raise RequestError("invalid_json", f"Invalid event: {error}.") from None
    return message
