"""The bus over TLS: trusted, not trusted, and a server that only says it has it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from aura.cli.doctor import bus_findings
from deploy import nats_server, resources
from deploy.provision import provision
from runtime.bus.connection import connect
from runtime.bus.errors import BusAwayError
from runtime.settings import Settings, SettingsError, load
from tests.integration.test_door import certificate
from tests.nats_server import NatsServer
from tests.ports import free_ports


class TlsServer:
    """A nats-server with nats/tls.conf."""

    def __init__(self, folder: Path) -> None:
        self.pem = certificate(folder)
        self.port = free_ports()
        command = nats_server.command(folder, self.port)
        config = folder / "nats.conf"
        text = config.read_text(encoding="utf-8").replace(
            "# include ./tls.conf", "include ./tls.conf"
        )
        config.write_text(text, encoding="utf-8")
        tls = (resources.folder() / "tls.conf").read_text(encoding="utf-8")
        (folder / "tls.conf").write_text(tls, encoding="utf-8")
        names = dict.fromkeys(("NATS_TLS_CERT", "NATS_TLS_KEY", "NATS_TLS_CA"), str(self.pem))
        env = {**os.environ, **nats_server.environment(folder), **names}
        self.process = subprocess.Popen(command, env=env)
        until = time.monotonic() + 10
        while not nats_server.listens(self.port):
            assert time.monotonic() < until, (folder / "nats.log").read_text(encoding="utf-8")
            time.sleep(0.01)
        self._password = nats_server.passwords(folder)["operator"]

    def settings(self, scheme: str = "nats", **given: str) -> Settings:
        return load(
            nats_url=f"{scheme}://127.0.0.1:{self.port}",
            nats_user="operator",
            nats_password=self._password,
            _env_file=None,
            **given,
        )


@pytest.fixture
def server(tmp_path: Path) -> Iterator[TlsServer]:
    folder = tmp_path / "tls"
    folder.mkdir()
    found = TlsServer(folder)
    yield found
    found.process.terminate()
    found.process.wait(10)


async def test_with_its_ca_a_bus_is_used_over_tls(
    server: TlsServer, caplog: pytest.LogCaptureFixture
) -> None:
    bus = await connect(server.settings(nats_ca=str(server.pem)), "test")
    assert bus.is_over_tls
    assert await provision(bus)
    await bus.close()
    assert not caplog.records


async def test_the_doctor_says_that_the_bus_is_used_over_tls(server: TlsServer) -> None:
    (found,) = await bus_findings(server.settings(nats_ca=str(server.pem)))
    assert found.good
    assert "over TLS" in found.what


@pytest.mark.parametrize("scheme", ["nats", "tls"])
async def test_a_server_that_is_not_trusted_is_told_nothing(server: TlsServer, scheme: str) -> None:
    with pytest.raises(BusAwayError, match="AURA_NATS_CA"):
        await connect(server.settings(scheme), "test", wait_s=3)


async def test_a_server_without_tls_gets_no_password(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    ca = str(certificate(tmp_path))
    with pytest.raises(BusAwayError, match="does not speak TLS"):
        await connect(load(nats_url=nats_server.url, nats_ca=ca, _env_file=None), "test", wait_s=3)


async def test_a_server_without_tls_among_others_gets_no_password(nats_server: NatsServer) -> None:
    over_tls = nats_server.url.replace("nats://", "tls://")
    url = f"nats://127.0.0.1:{free_ports()}, {over_tls}"
    with pytest.raises(BusAwayError, match="does not speak TLS"):
        await connect(load(nats_url=url, _env_file=None), "test", wait_s=3)


async def test_a_file_that_is_no_certificate_is_said_with_its_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="AURA_NATS_CA"):
        await connect(load(nats_ca=str(tmp_path / "missing"), _env_file=None), "test")
