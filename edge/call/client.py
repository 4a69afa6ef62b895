"""The interface of a session's connection to the session shell."""

from typing import Literal, Protocol

from edge.core.messages.client_events import ClientEvent

LogRefusal = Literal["QUOTA_EXCEEDED", "EVENT_TOO_LARGE"]
"""The reason why the log takes no more of a session, as the code of an error."""


class Client(Protocol):
    """The connection that holds a session."""

    def tell(self, event: ClientEvent) -> None:
        """Send *event* to the client."""

    def call_failed(self) -> None:
        """Note, once, that an unexpected exception has ended the call."""

    def hang_up(self, code: str, reason: str) -> None:
        """End the session, once; with a *code*, the client gets code and reason."""

    def transfer(self, call: str, agent: str) -> None:
        """Transfer the session to *agent*, for the tool call *call*."""

    def can_transfer(self, agent: str) -> bool:
        """Return whether the session can be transferred to *agent*."""

    def taken_over(self) -> None:
        """Note, once, that a newer connection has resumed the session."""

    def log_refused(self, code: LogRefusal, why: str) -> None:
        """Note, once, that the session must end: it stores too much, or too large an event."""

    def not_recorded(self, why: str) -> None:
        """Note, once, that no more audio is recorded."""
