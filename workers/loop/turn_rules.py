"""Whether the turn of a job is over, by an event of its session. Pure."""

from schemas.events import (
    AnyEvent,
    ResponseCancelled,
    ResponseCompleted,
    ResponseSentence,
    ToolCalled,
)


def is_cancelled(turn: int, event: AnyEvent) -> bool:
    """Return whether *event* cancels *turn*, or a later one."""
    return isinstance(event, ResponseCancelled) and event.turn >= turn


def is_over(turn: int, newest: AnyEvent) -> bool:
    """Return whether *turn* is over, by the *newest* response event of its session."""
    match newest:
        case (
            ResponseSentence(turn=latest) | ResponseCompleted(turn=latest) | ToolCalled(turn=latest)
        ):
            return latest > turn
        case _:
            return is_cancelled(turn, newest)
