"""A console without an Aura beside it: with a token, without words, without a bus."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from deploy.provision import provision
from runtime.bus.connection import Bus, connect
from runtime.sessions import transfer
from runtime.sessions.file import unpack
from runtime.settings import Settings
from schemas import events as ev
from tests.aura_process import COMMAND
from tests.console import console, looking, settings_of
from tests.integration.console_requests import get, post
from tests.nats_server import NatsServer

TOKEN = "an operator's token of 32 characters or more"
RECORDED = Path(__file__).parents[1] / "recorded"


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    jar = aiohttp.CookieJar(unsafe=True)  # of an address, such as 127.0.0.1
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        yield session


async def test_with_a_token_nobody_sees_anything_without_it(
    nats_server: NatsServer, settings: Settings, http: aiohttp.ClientSession
) -> None:
    async with await connect(settings, "test") as bus:
        await provision(bus)
    async with console(settings_of(nats_server, operator_token=TOKEN)) as url:
        assert (await get(http, f"{url}/api/calls"))[0] == 401
        with pytest.raises(aiohttp.WSServerHandshakeError, match="401"):
            await http.ws_connect(f"{url}/api/live")
        assert (await post(http, f"{url}/api/sign-in", '{"token": "guessed"}'))[0] == 401
        assert (await post(http, f"{url}/api/sign-in", "[]"))[0] == 400
        packed = {"Content-Encoding": "gzip"}
        assert (await post(http, f"{url}/api/sign-in", "packed", **packed))[0] == 415
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        async with asyncio.timeout(10):  # until it has found the bus
            while (await get(http, f"{url}/api/agents", headers=bearer))[0] != 200:
                await asyncio.sleep(0.05)
        async with http.post(f"{url}/api/sign-in", json={"token": TOKEN}) as answer:
            said = answer.headers["Set-Cookie"]
            assert answer.status == 200
        assert "HttpOnly" in said
        assert "SameSite=Strict" in said
        assert (await get(http, f"{url}/api/agents"))[0] == 200
        assert (await post(http, f"{url}/api/sign-out"))[0] == 200
        assert (await get(http, f"{url}/api/agents"))[0] == 401
        for _ in range(10):
            status, _ = await post(http, f"{url}/api/sign-in", '{"token": "guessed"}')
        assert status == 429
        assert (await post(http, f"{url}/api/sign-in", f'{{"token": "{TOKEN}"}}'))[0] == 429


async def test_words_and_hands_can_be_left_out(
    nats_server: NatsServer, bus: Bus, http: aiohttp.ClientSession
) -> None:
    file = unpack((RECORDED / "ws-whole-jfk.aura").read_bytes())
    await transfer.store(bus, file)
    closed = settings_of(nats_server, console_words=False, console_commands=False)
    async with console(closed) as url, looking(http, url) as page:
        assert (page.hello["words"], page.hello["commands"]) == (False, False)
        await page.until(lambda: page.state["bus"] == "here")
        of = f"{url}/api/calls/{file.session}"
        status, told = await get(http, of)
        assert status == 200
        heard = [fields for _, _, name, _, fields in told["moments"] if name == "answer.heard"]
        assert {one["text"] for one in heard} == {"(hidden)"}
        for path in ("sound.wav", "export.aura", "decide"):
            assert (await get(http, f"{of}/{path}"))[0] == 403
        assert (await post(http, f"{url}/api/live/{file.session}/say", '{"text": "x"}'))[0] == 403


async def test_the_bus_may_leave_and_come_back_and_nothing_is_counted_twice(
    nats_server: NatsServer, bus: Bus, http: aiohttp.ClientSession
) -> None:
    async def told(turn: int) -> None:
        of: ev.Head = {"tenant": "t", "session": "s_1", "at_ms": page.state["now_ms"]}
        event = ev.TurnMeasured(**of, turn=turn, first_sent_ms=100.0 * turn)
        await bus.publish(event)

    def turns() -> int:
        return int(page.state.get("hour", {}).get("turns", 0))

    nats_server.stop()
    async with console(settings_of(nats_server)) as url, looking(http, url) as page:
        await page.until(lambda: page.state["why"].startswith("no NATS server answers"))
        assert (await get(http, f"{url}/api/calls"))[1]["code"] == "BUS_AWAY"
        nats_server.start()
        await page.until(lambda: page.state["bus"] == "here")
        await told(1)
        await page.until(lambda: turns() == 1)
        nats_server.stop()
        await page.until(lambda: page.state["bus"] == "away")
        nats_server.start()
        await told(2)
        await page.until(lambda: turns() == 2)
        await told(3)
        await page.until(lambda: turns() == 3)
        assert page.state["hour"]["slowest"][0]["turn"] == 3


def test_elsewhere_without_a_token_it_does_not_start_and_ctrl_c_ends_it(tmp_path: Path) -> None:
    env = {**os.environ, "AURA_DATA_DIR": str(tmp_path)}
    wanted = (*COMMAND, "console", "--host", "0.0.0.0", "--port", "0")
    done = subprocess.run(wanted, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 78
    assert "AURA_OPERATOR_TOKEN" in done.stderr
    process = subprocess.Popen(
        [*COMMAND, "console", "--port", "0"],
        env=env,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    with process.stdout:
        while "goes on in a browser" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
