"""Reading what clients send: JSON objects with a `type`, and nothing that can hurt."""

from __future__ import annotations

import binascii
import json
from typing import Any

from edge.core.client_events import ToolCalled
from edge.core.inputs import ToolResult

MOST_TYPE_CHARS = 64
MOST_PARTS = 1000
"""Commas and brackets in a message: one that means anything has some ten. Base64 has none."""
MOST_TEXT_CHARS = 4000
BLANKS = b" \t\r\n"
URL_SAFE = bytes.maketrans(b"-_", b"+/")
"""The other alphabet of base64 (RFC 4648, section 5) to the usual one."""


class NotJsonError(ValueError):
    """Text that is no JSON object with a string `type`."""


def parse(text: str) -> dict[str, Any]:
    """Return the JSON object in *text*.

    Raises:
        NotJsonError: it is none, its type is missing or no string, or it has too many parts.
    """
    if len(text) > MOST_PARTS and sum(map(text.count, ",[{")) > MOST_PARTS:
        raise NotJsonError
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotJsonError from error
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise NotJsonError
    return message


def shown(kind: str) -> str:
    """Return a client's own type name, short and printable, to be said back to it."""
    return "".join(c if c.isprintable() else "?" for c in kind[:MOST_TYPE_CHARS])


def clean(text: str) -> str:
    """Return *text* as it can be encoded: half of a surrogate pair becomes a question mark."""
    return text.encode("utf-8", "replace").decode()


def from_base64(text: object) -> bytes:
    """Return the bytes in *text*; a data URL's prefix is skipped.

    Either alphabet, broken lines and a missing padding are read; a foreign letter is not skipped,
    for what follows would be shifted into noise.

    Raises:
        ValueError: it is no base64 text.
    """
    if not isinstance(text, str):
        raise ValueError("audio_data must be a base64 string")  # one kind for all
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        letters = text.encode("ascii").translate(URL_SAFE, BLANKS)
        letters += b"=" * (-len(letters) % 4)
        return binascii.a2b_base64(letters, strict_mode=True)
    except ValueError as error:  # binascii's is one
        raise ValueError("audio_data is not valid base64") from error


def to_base64(data: bytes) -> str:
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def tool_result(message: dict[str, Any]) -> ToolResult:
    """Return what the client did for a call: its `result`, any JSON, or the `error` in words.

    Raises:
        ValueError: it names no call, or holds neither.
    """
    call = message.get("call_id")
    if not isinstance(call, str) or not call:
        raise ValueError("call_id must be that of a tool_call")
    if "error" in message:
        error = message["error"]
        if not isinstance(error, str):
            raise ValueError("error must be a string")
        return ToolResult(clean(call), clean(error), failed=True)
    if "result" not in message:
        raise ValueError("a tool_result has a result or an error")
    result = message["result"]
    text = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)
    return ToolResult(clean(call), clean(text))


def tool_call(called: ToolCalled) -> dict[str, Any]:
    """Return the message that calls a tool of the client."""
    arguments = json.loads(called.arguments)
    return {
        "type": "tool_call",
        "call_id": called.call,
        "name": called.name,
        "arguments": arguments,
    }


def typed_text(message: dict[str, Any]) -> str:
    """Return the words of a turn that was typed.

    Raises:
        ValueError: there are none, or too many.
    """
    text = message.get("text")
    if not isinstance(text, str) or not (words := " ".join(clean(text).split())):
        raise ValueError("text must be a string with words")
    if len(words) > MOST_TEXT_CHARS:
        raise ValueError(f"text must have {MOST_TEXT_CHARS} characters at most")
    return words
