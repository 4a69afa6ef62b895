"""Where a response's text stands that may hold tool calls: a pure state machine.

    RESPONSE --open--> IN_MARKUP
    RESPONSE --fenced call--> AFTER_FENCED
    IN_MARKUP, AFTER_FENCED --close--> RESPONSE

Text in markup is never spoken (`workers/tool_text.py`).
"""

from collections.abc import Mapping
from enum import Enum, auto


class TextPhase(Enum):
    """Where the text that is read next stands."""

    RESPONSE = auto()
    IN_MARKUP = auto()
    AFTER_FENCED = auto()
    """After a call that began in a fence, whose end may follow."""


class TextMove(Enum):
    """What was found in the text."""

    OPEN = auto()
    """The opening of markup."""
    FENCED_CALL = auto()
    CLOSE = auto()
    """The end of the markup, or that of the fence, which may be missing."""


RESPONSE, IN_MARKUP, AFTER_FENCED = TextPhase

TEXT_MOVES: Mapping[tuple[TextPhase, TextMove], TextPhase] = {
    (RESPONSE, TextMove.OPEN): IN_MARKUP,
    (RESPONSE, TextMove.FENCED_CALL): AFTER_FENCED,
    (IN_MARKUP, TextMove.CLOSE): RESPONSE,
    (AFTER_FENCED, TextMove.CLOSE): RESPONSE,
}
