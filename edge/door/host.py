"""What a connection needs of the edge that it is on."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from edge.call.speech_model import SileroModel
from edge.door.limits.common_bounds import CommonBounds
from edge.door.limits.job_places import JobPlaces
from edge.door.limits.time_limits import TimeLimits
from edge.door.opening import Openings
from runtime.bus.connection import Bus
from runtime.redaction import Redaction


@dataclass(frozen=True)
class Host:
    """The edge, as its connections see it."""

    bus: Bus
    openings: Openings
    commands_per_second: int
    times: TimeLimits
    common: CommonBounds
    """What its connections share."""
    places: JobPlaces
    """Of its jobs at the stages."""
    speech_model: SileroModel | None
    cancel_echo: bool
    redaction: Redaction
    """Masks typed words; spoken words are masked by the STT worker."""
    sessions: asyncio.TaskGroup
    """Where sessions run: one whose caller has left still stores its last events."""
    transfer: Callable[[str], Awaitable[bool]] | None = None
    """Transfers a caller to a telephone number; returns False where the network refuses."""
