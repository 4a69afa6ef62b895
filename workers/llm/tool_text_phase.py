"""The part of a response's text, with regard to tool calls in it: a pure state machine.

    RESPONSE --open--> IN_MARKUP
    RESPONSE --fenced call--> AFTER_FENCED
    IN_MARKUP, AFTER_FENCED --close--> RESPONSE

Text in markup is never spoken (`workers/llm/tool_text.py`).
"""

from collections.abc import Mapping
from enum import Enum, auto


class TextPhase(Enum):
    """The part to which the next text belongs."""

    RESPONSE = auto()
    IN_MARKUP = auto()
    AFTER_FENCED = auto()
    """After a call in a fence: the end of the fence may follow."""


class TextMove(Enum):
    """A find in the text."""

    OPEN = auto()
    """The opening of markup."""
    FENCED_CALL = auto()
    CLOSE = auto()
    """The end of the markup, or of the fence, which may be missing."""


RESPONSE, IN_MARKUP, AFTER_FENCED = TextPhase

TEXT_MOVES: Mapping[tuple[TextPhase, TextMove], TextPhase] = {
    (RESPONSE, TextMove.OPEN): IN_MARKUP,
    (RESPONSE, TextMove.FENCED_CALL): AFTER_FENCED,
    (IN_MARKUP, TextMove.CLOSE): RESPONSE,
    (AFTER_FENCED, TextMove.CLOSE): RESPONSE,
}
