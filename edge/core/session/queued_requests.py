"""The requests that wait until nothing is spoken, also restored from the log. Pure.

`request.queued` tells a typed turn or a requested response, and `message.added` words that want a
response; `turn.committed` tells that a response begins, perhaps only on a later connection.
"""

from dataclasses import dataclass, field

from schemas import events as ev
from schemas.control import End, Mute


@dataclass
class QueuedRequests:
    """The requests that have not begun."""

    wants_response: bool = False
    """Whether the conversation has words that wait for a response; one is to all of them.

    Only a wish that outlasts a step of the call has an event, by which it is restored."""
    typed: dict[int, ev.RequestQueued] = field(default_factory=dict)
    """The typed turns in order, by their times, Unix ms."""
    responses: dict[int, ev.RequestQueued] = field(default_factory=dict)
    """The requested responses in order, by their times, Unix ms."""

    @property
    def has_responses(self) -> bool:
        """Whether a wanted or requested response has not begun."""
        return self.wants_response or bool(self.responses)

    def drop_responses(self) -> None:
        """Begin none of the wanted and requested responses."""
        self.wants_response = False
        self.responses.clear()

    def clear(self) -> None:
        """Begin none of the requests."""
        self.drop_responses()
        self.typed.clear()

    def read(self, event: ev.Event) -> None:
        """Take an event of the log."""
        match event:
            case ev.RequestQueued(at_ms=at_ms, text=None):
                self.responses[at_ms] = event
            case ev.RequestQueued(at_ms=at_ms):
                self.typed[at_ms] = event
            case ev.MessageAdded(wants_response=True):
                self.wants_response = True
            case ev.TurnCommitted(requested_ms=requested_ms):
                self.wants_response = False
                self.typed.pop(requested_ms, None)
                self.responses.pop(requested_ms, None)
            case ev.ControlReceived(command=End() | Mute("caller", True)):
                self.clear()
            case ev.ControlReceived(command=Mute("assistant", True)) | ev.SpendReached():
                self.drop_responses()
            case ev.SessionResumed():  # the client that would know a response apart is gone
                self.responses = {
                    at_ms: event for at_ms, event in self.responses.items() if event.in_conversation
                }
            case _:
                pass
