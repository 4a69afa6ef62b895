"""The port of the console beside others."""

from __future__ import annotations

import socket

from deploy.claims import console_port
from runtime.settings import load


def test_a_console_gives_way_where_its_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        port = console_port(load(console_port=taken, _env_file=None))
    assert port not in {0, taken}
    assert console_port(load(console_port=port, _env_file=None)) == port
    assert console_port(load(console_port=0, _env_file=None)) > 0
