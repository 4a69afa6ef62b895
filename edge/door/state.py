"""What the handlers of one edge share."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web

from edge.call.session_rules import rules_of
from edge.door.auth import TokenPolicy
from edge.door.client_address import Visitors
from edge.door.connection import Conversation, Place
from edge.door.rate_limits import Places, Requests
from edge.door.session_limits import Seats
from edge.door.stage_monitor import Stages
from edge.protocols.continuous import close_code
from runtime.bus.connection import Bus
from runtime.settings import Settings


@dataclass
class Edge:
    """What the handlers of one edge share."""

    settings: Settings
    bus: Bus
    name: str
    stages: Stages
    policy: TokenPolicy
    requests: Requests
    places: Places
    prices: Mapping[str, tuple[float, float]]
    seats: Seats
    visitors: Visitors
    open: set[Conversation] = field(default_factory=set)
    finishing: set[asyncio.Task[None]] = field(default_factory=set)
    """Lines whose caller has left and whose last events are not stored yet."""
    numbers: itertools.count[int] = field(default_factory=itertools.count)
    draining: bool = False

    @property
    def place(self) -> Place:
        return Place(
            self.bus,
            self.name,
            lambda options: rules_of(self.settings, options),
            close_code,
            self.settings.control_messages_per_second,
            self.finishing,
        )


EDGE = web.AppKey("edge", Edge)
