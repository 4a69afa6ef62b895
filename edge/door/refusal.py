"""The refusal of a session, sent in the client protocol's own form."""

from edge.protocols.client_protocol import CloseCode


class RefusedError(Exception):
    """A refused session; the client gets code, message and details."""

    def __init__(
        self,
        code: str,
        message: str,
        details: str,
        close: int = CloseCode.TRY_AGAIN_LATER,
        *,
        ends: bool = False,
    ) -> None:
        """Take the error; *close* is the close code of a connection that it ends.

        *ends*: it ends any connection, not only those with one session.
        """
        super().__init__(details)
        self.code, self.message, self.details = code, message, details
        self.close, self.ends = close, ends
