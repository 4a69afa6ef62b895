"""Parses the stream of a server with OpenAI's chat API: bytes to records, records to text."""

import re
from collections.abc import AsyncGenerator, AsyncIterator
from enum import IntEnum, auto
from typing import Any, Final

from workers.engines.errors import EngineRefusedError, OnlyReasoningError, ServerUnavailableError
from workers.engines.llm.call_deltas import CallDeltas
from workers.engines.openai_api import read_json
from workers.engines.protocols import FunctionCall, Usage

MOST_LINE_BYTES: Final = 1 << 20
"""The most bytes of one line."""
_LINE_END: Final = re.compile(rb"\r\n|\n|\r(?!$)")
DONE: Final = "[DONE]"
"""The record that ends a stream."""


async def records(pieces: AsyncIterator[bytes]) -> AsyncGenerator[Any, None]:
    """Yield the data of each server-sent event in *pieces*, up to DONE, which is the last.

    Names of events, `retry:`, comments and events without data are ignored. Only CR, LF or both end
    a line, not the other marks at which Python splits lines.

    Raises:
        ValueError: the data is no JSON, or without an end.
    """
    data: list[str] = []
    async for line in _lines(pieces):
        name, _, value = line.partition(":")
        if name == "data":
            data.append(value.removeprefix(" "))
        elif not line and data:
            whole, data = "\n".join(data).strip(), []
            if whole.startswith(DONE):
                yield DONE
                return
            if whole:
                yield read_json(whole)


async def _lines(pieces: AsyncIterator[bytes]) -> AsyncGenerator[str, None]:
    """Yield the lines of *pieces*, then an empty line."""
    waiting = b""
    async for piece in pieces:
        *lines, waiting = _LINE_END.split(waiting + piece)
        for line in lines:
            yield line.decode().removeprefix("\ufeff")
        if len(waiting) > MOST_LINE_BYTES:
            raise ValueError("a line without an end")
    if waiting:
        yield waiting.rstrip(b"\r").decode()
    yield ""


class Content(IntEnum):
    """The contents of a response in order of weight: at the end of the stream the last counts."""

    NOTHING = auto()
    REASONING = auto()
    CALL = auto()
    TEXT = auto()


class ChatStream:
    """Takes the chunks of one response; keeps its calls, usage and end."""

    def __init__(self, model: str, *, has_tools: bool = False, after_tools: bool = False) -> None:
        """Begin the response of *model*, with or without tools.

        *after_tools*: the prompt has results of tools, so that another call is possible.
        """
        self._has_tools = has_tools
        self._after_tools = after_tools
        self._deltas = CallDeltas()
        self.usage = Usage(0, 0, model)
        """The server's token counts; 0 if it sent none."""
        self.is_marked = False
        """Whether the server marked the end."""
        self._content = Content.NOTHING
        """The weightiest content so far."""
        self._finish = ""
        """The reason that the server gave for the end; "" before it."""

    def feed(self, chunk: object) -> str | None:
        """Return the text in *chunk*; "" for reasoning or a tool call, None without a choice.

        Raises:
            ServerUnavailableError, EngineRefusedError: the server reports an error.
        """
        self.is_marked |= chunk == DONE
        record = _fields(chunk)
        if error := record.get("error") or (record.get("object") == "error" and record):
            raise self._failed(_fields(error))
        if counts := _fields(record.get("usage")):
            self.usage = Usage(
                _count(counts.get("prompt_tokens")),
                _count(counts.get("completion_tokens")),
                self.usage.model,
            )
        choices = record.get("choices")
        if not isinstance(choices, list) or not choices:
            return None
        chunk_text = ""
        for choice in map(_fields, choices):
            self._finish = choice.get("finish_reason") or self._finish
            self.is_marked |= bool(self._finish)
            delta = _fields(choice.get("delta") or choice.get("message"))
            self._deltas.add(delta)
            text = _text(delta.get("content")) or _text(delta.get("refusal"))
            self._content = max(self._content, _content(delta, text))
            chunk_text += text
        return chunk_text

    @property
    def calls(self) -> list[FunctionCall]:
        """Return the calls so far; none if no tools were offered."""
        return self._deltas.calls if self._has_tools else []

    def end(self, *, marks: bool = False) -> None:
        """Raise the reason why a finished stream had no text, if the server gave one.

        *marks*: this server marks the end of a stream, so that a stream without a mark was cut.

        Raises:
            ServerUnavailableError: it broke off.
            EngineRefusedError: a retry would fail in the same way.
        """
        if not self.is_marked and (marks or not self._deltas.are_whole):
            raise ServerUnavailableError("the language model broke off its answer")
        if self._finish == "error":
            raise ServerUnavailableError("the language model broke off with an error")
        if self._content is Content.TEXT or self.calls:
            return
        if self._content is Content.CALL:
            if self._after_tools:
                return  # it asked for one step too many
            raise EngineRefusedError(
                "the language model called a tool and said nothing: Aura offers it none"
            )
        if self._finish == "content_filter":
            raise EngineRefusedError("the language model's filter withheld its answer")
        if self._content is Content.REASONING:
            raise OnlyReasoningError

    def _failed(self, error: dict[str, Any]) -> Exception:
        """Return the error that the server reports inside a stream."""
        code = str(error.get("code") or error.get("status") or "")
        status = int(code) if code.isdigit() and len(code) == 3 else 200
        if self._content is not Content.TEXT and status in (400, 401, 403, 404, 422):
            return EngineRefusedError(
                f"the language model refused the request ({status}): check AURA_LLM_MODEL"
            )
        return ServerUnavailableError(f"the language model broke off with an error ({status})")


def _content(delta: dict[str, Any], text: str) -> Content:
    """Return the weightiest content of *delta*, whose words are *text*."""
    if text:
        return Content.TEXT
    if delta.get("tool_calls") or delta.get("function_call"):
        return Content.CALL
    if delta.get("reasoning_content") or delta.get("reasoning"):
        return Content.REASONING
    return Content.NOTHING


def _fields(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0


def _text(content: object) -> str:
    """Return the text of *content*: a string, or a list of parts, some of them reasoning."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else [content]
    texts = (_fields(part) for part in parts)
    return "".join(
        part["text"]
        for part in texts
        if part.get("type", "text") in ("text", "output_text") and isinstance(part.get("text"), str)
    )
