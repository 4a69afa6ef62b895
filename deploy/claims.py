"""Claims the ports and the data folder of one `aura up`."""

import fcntl
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy import nats_server
from runtime.settings import Settings, SettingsError


def ports_of(settings: Settings, edges: int) -> list[int]:
    """Return a free port for each edge, PORT first.

    Raises:
        SettingsError: a port is taken.
    """
    if settings.port == 0:
        return [nats_server.free_port() for _ in range(edges)]
    ports = [settings.port + k for k in range(edges)]
    for port in ports:
        try:
            _bound(settings.host, port)
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", error)
            raise SettingsError(
                f"PORT {port} on {settings.host} cannot be used ({why}). "
                "Set PORT to a free one, e.g. PORT=8001 make run"
            ) from error
    return ports


def console_port(settings: Settings) -> int:
    """Return AURA_CONSOLE_PORT, or a free port if it is 0 or taken, such as by another Aura."""
    try:
        return _bound(settings.console_host, settings.console_port)
    except OSError:
        return nats_server.free_port()


def _bound(host: str, port: int) -> int:
    """Return *port*, or a free one if it is 0, after it was bound for a moment.

    Raises:
        OSError: it is taken.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        number: int = probe.getsockname()[1]
        return number


@contextmanager
def only_one(data: Path) -> Iterator[None]:
    """Lock the data folder while the block is open.

    Raises:
        SettingsError: another `aura up` uses it.
    """
    with (data / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SettingsError(
                f"an Aura is running in {data}: stop it, or set AURA_DATA_DIR to another folder"
            ) from error
        yield
