"""A telephone process: takes and places SIP calls until SIGTERM, then drains.

It is an edge without HTTP, with a bus user of its own.
"""

import asyncio
from functools import partial

import structlog

from edge.door.sip.phones import Phones
from edge.door.state import Edge
from edge.main import described, drain, run
from runtime.bus.discovery import announced
from runtime.process import metrics
from runtime.process.gc_tuning import freeze_objects
from runtime.settings import Settings

log = structlog.get_logger(__name__)


async def serve(settings: Settings) -> int:
    """Serve telephones until SIGTERM or SIGINT; return the process's exit code.

    Raises:
        BusAwayError: no server answers.
        SettingsError: the account, an address or a port cannot be used.
    """
    await run(settings, "sip", _hold)
    log.info("sip_left")
    return 0


async def _hold(edge: Edge, stop: asyncio.Event, condition: metrics.Condition) -> None:
    """Serve telephones until *stop*, then drain.

    Raises:
        SettingsError: the account or the addresses are invalid.
    """
    bus, settings = edge.bus, edge.settings
    async with Phones(edge).served(), announced(bus, "sip", partial(described, edge)):
        freeze_objects()
        condition.ready = lambda: edge.is_ready
        log.info("sip_ready", listen=settings.sip_listen, most_calls=settings.sip_max_calls)
        await stop.wait()
        await drain(edge)
