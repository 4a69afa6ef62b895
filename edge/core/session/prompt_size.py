"""Bounds the bytes of a prompt's parts, so that a job fits an event of the log. Pure."""

from collections.abc import Sequence

from schemas.events import Message

MOST_WINDOW_BYTES = 256 * 1024
"""The most bytes of earlier messages in a job of the language model."""
MOST_INSTRUCTION_BYTES = 128 * 1024
"""The most bytes of the client's system messages in such a job."""


def newest_messages(messages: Sequence[Message]) -> list[Message]:
    """Return the last of *messages* that have MOST_WINDOW_BYTES at most."""
    sizes = [
        sum(len(text.encode()) for text in (one.text, *(call.arguments for call in one.calls)))
        for one in messages
    ]
    return list(messages[_first(sizes, MOST_WINDOW_BYTES) :])


def newest_instructions(texts: Sequence[str]) -> Sequence[str]:
    """Return the last of *texts* that have MOST_INSTRUCTION_BYTES at most."""
    return texts[_first([len(text.encode()) for text in texts], MOST_INSTRUCTION_BYTES) :]


def _first(sizes_bytes: Sequence[int], most_bytes: int) -> int:
    """Return the index of the first of the last *sizes_bytes* that are *most_bytes* together."""
    first = len(sizes_bytes)
    while first and sizes_bytes[first - 1] <= most_bytes:
        first -= 1
        most_bytes -= sizes_bytes[first]
    return first
