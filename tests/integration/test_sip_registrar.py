"""`aura sip` behind a registrar, Debian's `kamailio`: over TLS, by password, with SRTP."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from schemas import events as ev
from tests.aura_process import COMMAND
from tests.caller import silence
from tests.integration.test_door import certificate
from tests.ports import free_ports
from tests.sip_caller import needs_baresip, needs_kamailio, telephone
from tests.sip_exchange import Exchange
from tests.sip_registrar import PASSWORD, Registrar

pytest.importorskip("baresip", reason="NOT TESTED HERE: the extra `sip` is not installed")
pytestmark = [needs_baresip, needs_kamailio]

SECRET_LINE = f";auth_pass={PASSWORD};mediaenc=srtp-mand"


@dataclass
class Office:
    """A registrar, and an Aura that is known to it."""

    registrar: Registrar
    exchange: Exchange


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("registrar")
    pem = certificate(folder)
    registrar = Registrar(folder, pem)
    exchange = Exchange(
        folder,
        AURA_SIP_DOMAIN=f"127.0.0.1:{registrar.tls_port}",
        AURA_SIP_PASSWORD=PASSWORD,
        AURA_SIP_REGISTER="true",
        AURA_SIP_TRANSPORT="tls",
        AURA_SIP_CERTIFICATE=str(pem),
        AURA_SIP_CA=str(pem),
        AURA_SIP_SRTP="required",
    )
    try:
        with registrar.running():
            exchange.start()
            exchange.wait_for("sip_registered")
            yield Office(registrar, exchange)
    finally:
        exchange.stop()


async def test_a_telephone_reaches_it_by_its_name_and_the_sound_is_encrypted(
    office: Office, tmp_path: Path
) -> None:
    at = office.registrar.address
    before = len(await office.exchange.sessions(tmp_path))
    async with telephone(tmp_path / "ada", silence(20_000), account=SECRET_LINE, at=at) as ada:
        await ada.registered()
        await ada.do("dial", f"sip:aura@{at}")
        await ada.until("CALL_ESTABLISHED")
        await ada.until_loud(600)
        await ada.do("hangup")
        events = (await office.exchange.ended(tmp_path, before + 1))[-1]
        assert "SRTP is Enabled" in (ada.folder / "log").read_text(errors="replace")
    assert any(isinstance(one, ev.AnswerHeard) for one in events)


async def test_a_call_in_the_clear_is_refused(office: Office, tmp_path: Path) -> None:
    at, clear = office.registrar.address, f";auth_pass={PASSWORD}"
    async with telephone(tmp_path / "ada", silence(5000), account=clear, at=at) as ada:
        await ada.registered()
        await ada.do("dial", f"sip:aura@{at}")
        assert "488" in (await ada.until("CALL_CLOSED"))["param"]


async def test_it_calls_whom_the_registrar_knows(office: Office, tmp_path: Path) -> None:
    at = office.registrar.address
    quiet = silence(20_000)
    async with telephone(tmp_path / "ada", quiet, answers=True, account=SECRET_LINE, at=at) as ada:
        await ada.registered()
        start = ("calls", "start", "--to", f"sip:ada@127.0.0.1:{office.registrar.tls_port}")
        placed = await asyncio.to_thread(office.exchange.aura.run, *start)
        assert placed.returncode == 0, placed.stderr
        await ada.until("CALL_ESTABLISHED")
        await ada.until_loud(300)
        await ada.do("hangup")


@pytest.mark.parametrize("wrong", ["AURA_SIP_PASSWORD", "AURA_SIP_CA"])
def test_a_wrong_password_or_a_strange_certificate_is_told_and_tried_again_later(
    office: Office, tmp_path: Path, wrong: str
) -> None:
    value = {"AURA_SIP_PASSWORD": "open-barley", "AURA_SIP_CA": str(certificate(tmp_path))}[wrong]
    env = {
        **office.exchange.env,
        wrong: value,
        "AURA_SIP_LISTEN": f"127.0.0.1:{free_ports(2)}",
    }
    log = tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen([*COMMAND, "sip"], env=env, stdout=out, stderr=out)
    try:
        until = time.monotonic() + 30
        while "sip_not_registered" not in (said := log.read_text(errors="replace")):
            assert time.monotonic() < until, said
            assert process.poll() is None, said
            time.sleep(0.1)
        assert "open-barley" not in said
    finally:
        process.terminate()
        process.wait(20)
