"""The services of an edge that its connections share."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from edge.call.session_bus import SessionBus
from edge.call.speech_model import SileroModel
from edge.door.limits.common_bounds import CommonBounds
from edge.door.limits.job_slots import JobSlots
from edge.door.limits.time_limits import TimeLimits
from edge.door.opening.opening import Openings
from runtime.text.redaction import Redaction


@dataclass(frozen=True)
class EdgeServices:
    """The services of an edge that its connections use."""

    bus: SessionBus
    openings: Openings
    control_messages_per_second: int
    times: TimeLimits
    common: CommonBounds
    """The bounds that its connections share."""
    job_slots: JobSlots
    """The slots of its jobs at the stages."""
    speech_model: SileroModel | None
    cancel_echo: bool
    redaction: Redaction
    """Masks typed words; spoken words are masked by the STT worker."""
    sessions: asyncio.TaskGroup
    """The tasks of sessions, which store their last events after the caller has left."""
    transfer: Callable[[str], Awaitable[bool]] | None = None
    """Transfers a caller to a telephone number; returns False if the network refuses."""
