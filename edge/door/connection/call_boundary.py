"""The boundary of a connection's work: its failure ends no other call of the edge."""

from collections.abc import Coroutine
from typing import Any, Protocol

import structlog

log = structlog.get_logger(__name__)


class EndedByFailure(Protocol):
    """The connection that the work belongs to."""

    def call_failed(self) -> None:
        """Close the connection: something unexpected failed."""


async def contained(work: Coroutine[Any, Any, None], connection: EndedByFailure) -> None:
    """Do *work* of *connection*; an unexpected exception is logged and ends this connection."""
    try:
        await work
    except Exception:
        log.exception("session_broken")
        connection.call_failed()
