"""The signals that end a process: SIGTERM, and SIGINT for Ctrl-C."""

import asyncio
import signal
from collections.abc import Callable


def on_stop(call: Callable[[], object]) -> None:
    """Call *call* on the running loop at each of these signals."""
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, call)


def stop_event() -> asyncio.Event:
    """Return an event that the first of these signals sets."""
    stop = asyncio.Event()
    on_stop(stop.set)
    return stop
