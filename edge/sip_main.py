"""A telephone process: takes and places SIP calls until SIGTERM, then drains.

It is an edge without HTTP, with a bus user of its own.
"""

import asyncio
import os
import secrets
from typing import Any

import structlog

from edge.app import chores, edge_of
from edge.door.limits.open_files import RESERVED, raise_limit
from edge.door.sip.phones import Phones
from edge.door.state import Edge
from edge.main import agents_and_tools_known, drain
from runtime.bus.connection import Bus, connect
from runtime.bus.discovery import announced
from runtime.process import metrics
from runtime.process.gc_tuning import freeze_objects
from runtime.process.stopping import stop_event
from runtime.settings import Settings, SettingsError

log = structlog.get_logger(__name__)


async def serve(settings: Settings) -> int:
    """Serve telephones until SIGTERM or SIGINT; return the process's exit code.

    Raises:
        BusAwayError: no server answers.
        SettingsError: the account, an address or a port cannot be used.
    """
    stop = stop_event()
    async with metrics.served(settings, "sip") as condition:
        name = f"sip-{secrets.token_hex(4)}"
        bus = await connect(settings, name, role="sip")
        metrics.BUS.set_function(lambda: bus.connected)
        try:
            await _serve(settings, bus, name, stop, condition)
        except* SettingsError as wrong:
            raise wrong.exceptions[0] from None
        finally:
            await bus.close()
    return 0


async def _serve(
    settings: Settings, bus: Bus, name: str, stop: asyncio.Event, condition: metrics.Condition
) -> None:
    async with asyncio.TaskGroup() as tasks:
        edge = edge_of(settings, bus, name, tasks, raise_limit() - RESERVED)
        watching = [tasks.create_task(one) for one in chores(edge)]
        if await agents_and_tools_known(edge, stop):
            async with Phones(edge, settings).served(), announced(bus, "sip", _describe(edge)):
                freeze_objects()
                condition.ready = lambda: bus.connected and not edge.draining
                log.info("sip_ready", listen=settings.sip_listen, most_calls=settings.sip_max_calls)
                await stop.wait()
                await drain(edge)
        for task in watching:
            task.cancel()
    log.info("sip_left")


def _describe(edge: Edge) -> Any:
    return lambda: {"calls": len(edge.open), "draining": edge.draining, "pid": os.getpid()}
