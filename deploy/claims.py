"""The ports and the data folder that one `aura up` has for itself."""

from __future__ import annotations

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
        SettingsError: one of them is taken.
    """
    if settings.port == 0:
        return [nats_server.free_port() for _ in range(edges)]
    ports = [settings.port + k for k in range(edges)]
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.host, port))
            except OSError as error:
                raise SettingsError(
                    f"PORT {port} on {settings.host} cannot be used ({error.strerror}). "
                    "Set PORT to a free one, e.g. PORT=8001 make run"
                ) from error
    return ports


@contextmanager
def only_one(data: Path) -> Iterator[None]:
    """Hold the data folder for ourselves.

    Raises:
        SettingsError: another `aura up` has it.
    """
    with (data / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SettingsError(
                f"an Aura is running in {data}: stop it, or set AURA_DATA_DIR to another folder"
            ) from error
        yield
