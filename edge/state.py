"""What the handlers of one edge share."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web

from aura.bus.connection import Bus
from aura.settings import Settings
from edge.auth import TokenPolicy
from edge.conversation import Conversation, Place
from edge.dialects.continuous import close_code
from edge.health import Stages
from edge.rates import Places, Requests
from edge.seats import Seats
from edge.session_rules import rules_of
from edge.visitors import Visitors


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
