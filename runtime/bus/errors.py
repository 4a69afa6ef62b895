"""The errors of the bus, and what their callers do.

BusError                the bus did not do a request
├── BusAwayError        retry: no server answers; to publish again is safe
├── BusRefusedError     end the session: the message is larger than a server takes
├── FencedError         give up: another process has gone on with the subject
├── DeadLetterError     tell the operator: the job cannot be tried again (`dead_letters.py`)
├── NoSuchCallError     tell the controller: no edge holds the call (`calls.py`)
├── CallSilentError     ask again with the same id: the edge does not answer (`calls.py`)
└── NobodyServesError   tell the model: no service listens for the tool (`tool_services.py`)

Others are not the bus's own. A service's refusal is an answer, which is told to the model
(`tool_services.py`), and an error of a connection that begins becomes a BusAwayError
(`server_address.py`):

Exception
└── ToolRefusedError    the service answered with an error
NatsError
└── NoTlsError          the server does not speak TLS
"""


class BusError(Exception):
    """The bus could not do a request."""


class BusAwayError(BusError):
    """No server answers; the message may or may not have been stored. Safe to publish again."""


class BusRefusedError(BusError):
    """The message is larger than a server takes; to publish it again is useless."""


class FencedError(BusError):
    """The subject holds a newer message than the publisher has seen."""

    def __init__(self, message: str, newest: int = 0) -> None:
        """Take the sequence of the subject's newest message; 0 if unknown."""
        super().__init__(message)
        self.newest = newest
