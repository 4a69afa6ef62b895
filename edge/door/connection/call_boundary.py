"""The boundary of a connection's work: its failure ends no other call of the edge."""

from collections.abc import Coroutine
from typing import Any

import structlog

from edge.call.client import Client

log = structlog.get_logger(__name__)


async def contained(work: Coroutine[Any, Any, None], connection: Client) -> None:
    """Do *work* of *connection*; an unexpected exception is logged and ends this connection."""
    try:
        await work
    except Exception:
        log.exception("session_broken")
        connection.call_failed()
