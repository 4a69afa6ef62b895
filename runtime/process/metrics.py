"""The metrics and the health that every process has.

Names begin with `aura_`; times are in seconds, sizes in bytes. No label holds a session, a user
or a word.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from prometheus_client import Gauge

from runtime.process.version import version
from runtime.settings import Settings

STEPS_S = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 15.0)
"""Histogram buckets for the time that a caller waits, in seconds."""
WORK_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3.0, 6.0, 12.0, 30.0)
"""Histogram buckets for the time that a worker takes, in seconds."""

BUS = Gauge("aura_bus_connected", "1 while this process has a connection to NATS.")
INFO = Gauge("aura_build_info", "Always 1; the labels say what runs here.", ["role", "version"])


class Condition:
    """The health of this process for an orchestrator; each role sets both checks."""

    def __init__(self) -> None:
        self.ready: Callable[[], bool] = lambda: False
        """Whether this process can take work."""
        self.alive: Callable[[], bool] = lambda: True
        """Whether this process works at all; if not, it should be replaced."""


@asynccontextmanager
async def served(settings: Settings, role: str) -> AsyncIterator[Condition]:
    """Serve the metrics port while the block is open; yield the condition for the role to set.

    Raises:
        SettingsError: the port is taken.
    """
    condition = Condition()
    INFO.labels(role, version()).set(1)
    if not settings.metrics_port:
        yield condition
        return
    from runtime.process.metrics_port import serving  # noqa: PLC0415  # loads a web server

    async with serving(settings, condition):
        yield condition
