"""The ports of the edges and of the console beside others."""

from __future__ import annotations

import socket

import pytest

from deploy.claims import console_port, ports_of
from runtime.settings import SettingsError, load


def test_a_port_that_is_taken_or_too_high_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        with pytest.raises(SettingsError, match=f"PORT {taken} "):
            ports_of(load(host="127.0.0.1", port=taken, _env_file=None), 1)
    with pytest.raises(SettingsError, match="PORT 65536 "):
        ports_of(load(host="127.0.0.1", port=65535, _env_file=None), 2)


def test_a_console_gives_way_where_its_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        port = console_port(load(console_port=taken, _env_file=None))
    assert port not in {0, taken}
    assert console_port(load(console_port=port, _env_file=None)) == port
    assert console_port(load(console_port=0, _env_file=None)) > 0
