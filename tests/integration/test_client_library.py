"""The JavaScript client library, tested by Node: its arithmetic, and calls of a running Aura."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest

from aura.client import CallClient, CallError
from tests.aura_process import SIMULATED, AuraProcess

TESTS = Path(__file__).parents[2] / "clients" / "js" / "test"
NODE = shutil.which("node")
WEBSOCKETS_SINCE = 22
SECRET = "of tokens that expire within a test of calls"

needs_node = pytest.mark.skipif(
    NODE is None, reason="NOT TESTED HERE: the client library needs node (apt-get install nodejs)"
)


def run(file: str, **env: str) -> None:
    """Run the tests in *file*."""
    assert NODE
    version = subprocess.run([NODE, "--version"], capture_output=True, text=True, check=True).stdout
    older = int(version.removeprefix("v").partition(".")[0]) < WEBSOCKETS_SINCE
    flags = ["--experimental-websocket"] if older else []
    done = subprocess.run(
        [NODE, *flags, "--test", str(TESTS / file)],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


@needs_node
@pytest.mark.parametrize("file", ["sound.test.mjs", "story.test.mjs", "console.test.mjs"])
def test_what_needs_no_server(file: str) -> None:
    run(file)


@needs_node
def test_the_javascript_client_calls(simulated: AuraProcess) -> None:
    run("call.test.mjs", AURA_URL=simulated.url)


@pytest.fixture(scope="module")
def with_a_tool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuraProcess]:
    folder = tmp_path_factory.mktemp("tools")
    file = folder / "tools.yaml"
    file.write_text("- {name: show, kind: client}\n", encoding="utf-8")
    aura = AuraProcess(
        folder,
        env={
            **SIMULATED,
            "AURA_TOOLS": str(file),
            "AURA_JWT_SECRET": SECRET,
            "AURA_CALL_ENDS_WITH_TOKEN": "true",
            "AURA_JWT_LEEWAY_S": "2",
        },
    )
    try:
        yield aura.wait_until_ready()
    finally:
        aura.stop()


@needs_node
def test_tools_of_the_client(with_a_tool: AuraProcess) -> None:
    run("tools.test.mjs", AURA_URL=with_a_tool.url)


@needs_node
def test_the_javascript_client_goes_on_with_a_new_token_after_one_expired(
    with_a_tool: AuraProcess,
) -> None:
    run("tokens.test.mjs", AURA_URL=with_a_tool.url, AURA_SECRET=SECRET)


def token(user: str, lives_s: int) -> str:
    return jwt.encode({"sub": user, "exp": int(time.time()) + lives_s}, SECRET, "HS256")


async def test_a_call_in_python_goes_on_with_the_next_token_if_there_is_one(
    with_a_tool: AuraProcess,
) -> None:
    lives = [3, 600]

    async def next_token() -> str:
        return token("ada", lives.pop(0))

    async def goes_on() -> None:
        async with CallClient(with_a_tool.url, token=next_token, query={"greeting": 0}) as call:
            session = (await call.receive())["session"]
            again = await asyncio.wait_for(call.receive(), 30)
            assert again == {"type": "session", "session": session, "resumed": True}
            assert not lives

    async def is_over() -> None:
        async with CallClient(
            with_a_tool.url, token=token("bea", 3), query={"greeting": 0}
        ) as call:
            assert (await call.receive())["type"] == "session"
            with pytest.raises(CallError, match="Token expired") as over:
                await asyncio.wait_for(call.receive(), 30)
            assert over.value.code == 1008

    await asyncio.gather(goes_on(), is_over())


async def test_a_call_in_python_that_may_not_come_back_says_so_after_some_tries(
    with_a_tool: AuraProcess,
) -> None:
    async with CallClient(
        with_a_tool.url,
        token=token("cora", 600),
        query={"greeting": 0},
        retries_s=(0.05,) * 9,
    ) as call:
        joins = []

        async def come_back_for_ever() -> None:
            while True:
                if (message := await call.receive())["type"] == "session":
                    joins.append(message["session"])
                    assert call._ws
                    await call._ws.close()  # as a line that is cut

        with pytest.raises(CallError) as over:
            await asyncio.wait_for(come_back_for_ever(), 60)
        assert len(joins) > 3
        assert len(set(joins)) == 1, "always the same session"
        assert (over.value.why, over.value.code) == ("CLOSED", 1013)


async def test_tools_of_the_client_in_python(with_a_tool: AuraProcess) -> None:
    query = {"greeting": "0", "events": "1"}
    async with CallClient(with_a_tool.url, token="demo_token", query=query) as call:
        events = []
        async for message in call:
            match message:
                case {"type": "session"}:
                    await call.type('CALL:show{"page":2}')
                case {"type": "tool_call", "call_id": call_id, "arguments": given}:
                    await call.tool_result(call_id, {"shown": f"#page{given['page']}"})
                case {"type": "event", "event": str(name), "data": data} if name[:4] == "tool":
                    events.append((name, data["name"]))
                    assert set(data) <= {"turn", "step", "call", "name", "took_ms", "reason"}
                case {"type": "ai_complete", "full_response": response}:
                    assert "#page2" in response
                    break
        assert events == [("tool.called", "show"), ("tool.returned", "show")]
