"""Bounds the bytes of a prompt's parts, so that a job fits an event of the log. Pure."""

from collections.abc import Sequence

from edge.core.session.tool_steps import shortened
from schemas.events import Message

MOST_WINDOW_BYTES = 256 * 1024
"""The most bytes of earlier messages in a job of the language model."""
MOST_MESSAGES_BYTES = 512 * 1024
"""The most bytes of such messages together with the tool calls and results of the turn."""
MOST_INSTRUCTION_BYTES = 128 * 1024
"""The most bytes of the client's system messages in such a job."""


def newest_messages(
    messages: Sequence[Message], most_bytes: int = MOST_WINDOW_BYTES
) -> list[Message]:
    """Return the last of *messages* in *most_bytes*; no result of an older call begins them."""
    newest = list(messages[_first([_size_bytes(message) for message in messages], most_bytes) :])
    while newest and newest[0].role == "tool":
        del newest[0]
    return newest


def fitting_steps(known: Sequence[Message], steps: Sequence[Message]) -> list[Message]:
    """Return *steps*, the tool calls and results of a turn, so that they fit a job after *known*.

    The oldest results are cut first; if that is not enough, the oldest calls are left out.
    """
    most_bytes = MOST_MESSAGES_BYTES - sum(map(_size_bytes, known))
    fitting, excess_bytes = list(steps), sum(map(_size_bytes, steps)) - most_bytes
    for place, message in enumerate(steps):
        if excess_bytes <= 0:
            break
        fitting[place] = shortened(message)
        excess_bytes -= _size_bytes(message) - _size_bytes(fitting[place])
    return newest_messages(fitting, most_bytes)


def newest_instructions(texts: Sequence[str]) -> Sequence[str]:
    """Return the last of *texts* that have MOST_INSTRUCTION_BYTES at most."""
    return texts[_first([len(text.encode()) for text in texts], MOST_INSTRUCTION_BYTES) :]


def _size_bytes(message: Message) -> int:
    texts = (message.text, *(call.arguments for call in message.calls))
    return sum(len(text.encode()) for text in texts)


def _first(sizes_bytes: Sequence[int], most_bytes: int) -> int:
    """Return the index of the first of the last *sizes_bytes* that are *most_bytes* together."""
    first = len(sizes_bytes)
    while first and sizes_bytes[first - 1] <= most_bytes:
        first -= 1
        most_bytes -= sizes_bytes[first]
    return first
