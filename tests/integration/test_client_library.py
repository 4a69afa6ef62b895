"""The JavaScript client library, tested by Node: its arithmetic, and calls of a running Aura."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from aura.client import Call
from tests.aura_process import SIMULATED, AuraProcess

TESTS = Path(__file__).parents[2] / "clients" / "js" / "test"
NODE = shutil.which("node")
WEBSOCKETS_SINCE = 22

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
def test_calls(simulated: AuraProcess) -> None:
    run("call.test.mjs", AURA_URL=simulated.url)


@pytest.fixture(scope="module")
def with_a_tool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuraProcess]:
    folder = tmp_path_factory.mktemp("tools")
    file = folder / "tools.yaml"
    file.write_text("- {name: show, kind: client}\n", encoding="utf-8")
    aura = AuraProcess(folder, env={**SIMULATED, "AURA_TOOLS": str(file)})
    try:
        yield aura.wait_until_ready()
    finally:
        aura.stop()


@needs_node
def test_tools_of_the_client(with_a_tool: AuraProcess) -> None:
    run("tools.test.mjs", AURA_URL=with_a_tool.url)


async def test_tools_of_the_client_in_python(with_a_tool: AuraProcess) -> None:
    query = {"greeting": "0", "events": "1"}
    async with Call(with_a_tool.url, token="demo_token", query=query) as call:
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
