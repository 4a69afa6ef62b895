"""A session that cannot begin now: told in the client protocol's own form."""

from edge.protocols.client_protocol import CloseCode


class RefusedError(Exception):
    """Why no session begins; a client is told the code, the message and the details."""

    def __init__(
        self,
        code: str,
        message: str,
        details: str,
        close: int = CloseCode.TRY_AGAIN_LATER,
        *,
        ends: bool = False,
    ) -> None:
        """Name the error; *close* is the code of a connection that ends for it.

        It *ends* any connection, or only those that hold one session.
        """
        super().__init__(details)
        self.code, self.message, self.details = code, message, details
        self.close, self.ends = close, ends
