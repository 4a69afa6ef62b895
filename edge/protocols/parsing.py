"""Parses clients' messages safely: JSON objects with a `type`, base64, tool results."""

import binascii
import json
from collections.abc import Iterator
from typing import Any

from edge.core.messages.inputs import ClientToolResult

MOST_TYPE_CHARS = 64
MOST_JSON_MARKS = 1000
"""The most commas and brackets in a message; real messages have about ten, and base64 has none."""
MOST_TEXT_CHARS = 4000
PIECE_CHARS = 128 * 1024
"""Base64 is decoded in such pieces: the event loop waits for a call into C, in a thread too."""
BLANKS = b" \t\r\n"
URL_SAFE = bytes.maketrans(b"-_", b"+/")
"""Translates the URL-safe alphabet of base64 (RFC 4648, section 5) into the usual one."""


class NotJsonError(ValueError):
    """The text is no JSON object with a string `type`."""

    def __init__(self) -> None:
        super().__init__("expected a JSON object with a string 'type'")


def parse(text: str) -> dict[str, Any]:
    """Return the JSON object in *text*.

    Raises:
        NotJsonError: the text is no object, its type is missing or no string, or it has too many
            parts.
    """
    if len(text) > MOST_JSON_MARKS and _has_many_marks(text):
        raise NotJsonError
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotJsonError from error
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise NotJsonError
    return message


def _has_many_marks(text: str) -> bool:
    """Tell whether *text* has more than MOST_JSON_MARKS; `find` is far faster than `count`."""
    left = MOST_JSON_MARKS
    for mark in ",[{":
        at = text.find(mark)
        while at >= 0:
            if not left:
                return True
            left -= 1
            at = text.find(mark, at + 1)
    return False


def shown(kind: str) -> str:
    """Return a client's type name, shortened and printable, for an error message."""
    return "".join(c if c.isprintable() else "?" for c in kind[:MOST_TYPE_CHARS])


def clean(text: str) -> str:
    """Return *text* in an encodable form: an unpaired surrogate becomes a question mark."""
    return text.encode("utf-8", "replace").decode()


def from_base64(text: object) -> bytes:
    """Return the bytes in *text*; a data URL's prefix is skipped.

    Both alphabets, line breaks and missing padding are accepted. A foreign character is an error,
    since skipping it would turn the rest into noise.

    Raises:
        ValueError: the text is no base64.
    """
    if not isinstance(text, str):
        raise ValueError("audio_data must be a base64 string")  # one error type for all
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        return b"".join(_decoded(text))
    except ValueError as error:  # binascii.Error is a ValueError
        raise ValueError("audio_data is not valid base64") from error


def _decoded(text: str) -> Iterator[bytes]:
    """Yield the bytes of the base64 in *text*, a piece at a time.

    Raises:
        ValueError: the text is no base64.
    """
    rest = b""
    for at in range(0, len(text), PIECE_CHARS):
        letters = rest + text[at : at + PIECE_CHARS].encode("ascii").translate(URL_SAFE, BLANKS)
        whole = max(0, len(letters) // 4 - 1) * 4
        data = binascii.a2b_base64(letters[:whole], strict_mode=True)
        if len(data) < whole // 4 * 3:
            raise ValueError("it goes on after its padding")
        rest = letters[whole:]
        yield data
    yield binascii.a2b_base64(rest + b"=" * (-len(rest) % 4), strict_mode=True)


def to_base64(data: bytes) -> str:
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def tool_result(message: dict[str, Any]) -> ClientToolResult:
    """Return the client's answer to a tool call: its `result`, any JSON, or the `error` in words.

    Raises:
        ValueError: the message names no call, or has neither a result nor an error.
    """
    call = message.get("call_id")
    if not isinstance(call, str) or not call:
        raise ValueError("call_id must be the id of a tool_call")
    if "error" in message:
        error = message["error"]
        if not isinstance(error, str):
            raise ValueError("error must be a string")
        return ClientToolResult(clean(call), clean(error), failed=True)
    if "result" not in message:
        raise ValueError("a tool_result needs a result or an error")
    result = message["result"]
    text = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)
    return ClientToolResult(clean(call), clean(text))


def typed_text(message: dict[str, Any]) -> str:
    """Return the words of a typed turn.

    Raises:
        ValueError: there are none, or too many.
    """
    text = message.get("text")
    if not isinstance(text, str) or not (words := " ".join(clean(text).split())):
        raise ValueError("text must be a string with words")
    if len(words) > MOST_TEXT_CHARS:
        raise ValueError(f"text must have {MOST_TEXT_CHARS} characters at most")
    return words
