"""Tools from end to end: a caller types, the model calls, a service of its own does it."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.bus.connection import Bus, connect
from runtime.bus.delivery import Delivery
from runtime.bus.discovery import discover
from runtime.settings import load
from runtime.tasks import scoped_task
from schemas.events import ToolFailed
from tests.aura_process import COMMAND, SIMULATED, AuraProcess
from tests.caller import Caller, calling
from tests.integration.tool_service import Tools

QUIET = "/ws/voice/continuous?token=demo_token&greeting=0&audio=chunks"
FAST = {
    **SIMULATED,
    "AURA_SIM_LLM_FIRST_MS": "5",
    "AURA_SIM_LLM_TOKEN_MS": "1",
    "AURA_SIM_TTS_MS": "5",
    "AURA_SIM_TTS_AUDIO_MS": "100",
    "AURA_TOOLS": "discover",
    "AURA_MAX_CONNECTIONS_PER_IP": "100",
    "AURA_CONTROL_MESSAGES_PER_SECOND": "1000",
    "AURA_RECONNECTS_PER_MINUTE": "1000",
}


@pytest.fixture(scope="module")
def aura(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuraProcess]:
    process = AuraProcess(tmp_path_factory.mktemp("tools"), "--tools", "2", "--llm", "2", env=FAST)
    try:
        yield process.wait_until_ready()
    finally:
        assert process.stop() == 0


@pytest.fixture(scope="module")
def tools(aura: AuraProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tools]:
    served = Tools(aura, tmp_path_factory.mktemp("served"))
    yield served
    served.stop()


async def said(caller: Caller, text: str, *, count: int = 1, seconds: float = 20) -> str:
    """Type *text* and return the whole response."""
    await caller.send({"type": "text", "text": text})
    done = await caller.until("ai_complete", count, seconds)
    return str(done["full_response"])


async def offered(aura: AuraProcess, name: str = "book") -> None:
    """Wait until the edge knows of the tool *name*."""
    async with asyncio.timeout(20):
        while True:
            async with calling(aura.url, QUIET) as caller:
                answer = await said(caller, f'CALL:{name}{{"tag":"known"}}')
                if "known" in answer:
                    return
            await asyncio.sleep(0.3)


async def test_a_tool_is_discovered_called_and_its_result_spoken(
    aura: AuraProcess, tools: Tools
) -> None:
    await offered(aura)
    async with calling(aura.url, QUIET) as caller:
        assert "#t1" in await said(caller, 'CALL:book{"tag":"t1"}')
        assert "#t2" in await said(caller, 'CALL:ask{"tag":"t2"}', count=2)
    found = [one for one in tools.notes() if one["what"] in {"t1", "t2"}]
    assert [one["tool"] for one in found] == ["book", "ask"]
    assert len({one["session"] for one in found}) == 1
    assert len({one["key"] for one in found}) == 2


@pytest.mark.parametrize("name", ["sleepy", "refuses", "breaks", "huge", "nowhere"])
async def test_a_tool_that_misbehaves_costs_the_caller_nothing_but_its_result(
    aura: AuraProcess, tools: Tools, name: str
) -> None:
    await offered(aura)
    async with calling(aura.url, QUIET) as caller:
        answer = await said(caller, f"CALL:{name}")
        assert answer.startswith("Sure")
        assert not caller.told("error")
    assert tools.process.poll() is None


async def test_arguments_that_do_not_fit_never_reach_the_tool(
    aura: AuraProcess, tools: Tools
) -> None:
    await offered(aura)
    before = len(tools.notes())
    async with calling(aura.url, QUIET) as caller:
        await said(caller, 'CALL:book{"guests":2}')
    assert len(tools.notes()) == before


async def test_a_replay_answers_tools_from_the_record_and_runs_harmless_ones_on_demand(
    aura: AuraProcess, tools: Tools
) -> None:
    await offered(aura)
    async with calling(aura.url, QUIET) as caller:
        session = (await caller.until("session"))["session"]
        await said(caller, 'CALL:book{"tag":"r1"}')
        await asyncio.sleep(2)  # a replay may be slower, and the next turn would interrupt this one
        await said(caller, 'CALL:ask{"tag":"r2"}', count=2)
        await caller.send({"type": "end_call"})
        await caller.ws.wait_closed()
    shown = await command(aura, "show", session)
    assert "book (nats)" in shown
    assert "#r1" in shown

    before = len(tools.notes())
    again = await command(aura, "replay", session, "--drive", "--json")
    assert len(tools.notes()) == before
    answers = [turn["now"]["answer"] for turn in json.loads(again)["turns"]]
    assert "#r1" in answers[0]
    assert "#r2" in answers[1]

    await command(aura, "replay", session, "--drive", "--tools", "live", "--json")
    assert [one["tool"] for one in tools.notes()[before:]] == ["ask"]


async def command(aura: AuraProcess, *arguments: str) -> str:
    """Run a command of the operator; return what it prints."""
    process = await asyncio.create_subprocess_exec(
        *(*COMMAND, *arguments), env=aura.env, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0
    return out.decode()


async def test_a_client_does_what_its_own_tools_are_called_for(tmp_path: Path) -> None:
    file = tmp_path / "tools.yaml"
    file.write_text("- {name: show, kind: client, deadline_ms: 1500}\n", encoding="utf-8")
    aura = AuraProcess(tmp_path / "aura", env={**FAST, "AURA_TOOLS": str(file)})
    try:
        aura.wait_until_ready()
        async with calling(aura.url, QUIET) as caller:
            await caller.send({"type": "text", "text": 'CALL:show{"page":2}'})
            called = await caller.until("tool_call")
            assert (called["name"], called["arguments"]) == ("show", {"page": 2})
            answer = {"type": "tool_result", "call_id": called["call_id"]}
            await caller.send({**answer, "result": {"seen": "#two"}})
            assert "#two" in (await caller.until("ai_complete"))["full_response"]
            assert "Sure" in await said(caller, "CALL:show", count=2)  # it never answers this one
            await caller.send({**answer, "result": "late"})
            await caller.send({"type": "tool_result"})
            assert (await caller.until("error"))["code"] == "INVALID_TOOL_RESULT"
    finally:
        aura.stop()


async def test_the_call_ends_when_the_model_says_so(aura: AuraProcess, tools: Tools) -> None:
    del tools
    async with calling(aura.url, QUIET) as caller:
        await caller.send({"type": "text", "text": "CALL:end_call"})
        await caller.until("ai_complete")
        await asyncio.wait_for(caller.ws.wait_closed(), 15)
        assert caller.ws.close_code == 1000


async def test_a_conversation_begun_while_the_model_hangs_up_is_heard(
    aura: AuraProcess, tools: Tools
) -> None:
    del tools
    begin = {"type": "start_conversation"}
    async with calling(aura.url, "/ws") as caller:
        for number in range(1, 4):
            await caller.send(begin)
            await caller.until("conversation_started", 2 * number - 1)
            await caller.send({"type": "text", "text": "CALL:end_call"})
            await caller.until("ai_response", 2 * number - 1)
            await asyncio.sleep(0.3 * number)  # the hang-up is on its way, or done
            await caller.send(begin)
            await caller.until("conversation_started", 2 * number)
            await caller.send({"type": "text", "text": "Hello?"})
            await caller.until("ai_response", 2 * number)
        assert not caller.told("error")


async def test_workers_killed_at_any_moment_lose_nothing_and_repeat_nothing(
    aura: AuraProcess, tools: Tools
) -> None:
    """Runners and language models are killed; each caller hears of their own calls alone."""
    await offered(aura)
    before = len(tools.notes())
    chance = random.Random(7)

    async def kill(bus: Bus) -> None:
        """Kill processes that serve: a busy machine is given the time to start others."""
        while True:
            await asyncio.sleep(chance.uniform(1.5, 3.0))
            role = chance.choice(("tool", "llm"))
            for service in await discover(bus):
                if service.role == role and service.status.pid:
                    os.kill(service.status.pid, signal.SIGKILL)

    async def talk(number: int) -> None:
        async with calling(aura.url, QUIET) as caller:
            for turn in range(6):
                name = "book" if (number + turn) % 2 else "ask"
                tag = f"k{number}x{turn}"
                text = f'CALL:{name}{{"tag":"{tag}","slow":0.2}}'
                answer = await said(caller, text, count=turn + 1, seconds=40)
                others = [
                    word for word in answer.split() if word.startswith("#k") and word != f"#{tag}"
                ]
                assert not others, "a result of another call"
                if name == "ask":
                    assert f"#{tag}" in answer, "an idempotent call is never lost"

    failed: list[ToolFailed] = []

    async def on_out(message: Delivery) -> None:
        if isinstance(event := message.event(), ToolFailed):
            failed.append(event)

    settings = load(nats_url=aura.nats_url, _env_file=None)
    async with (
        await connect(settings, "test") as bus,
        bus.listening("aura.live.*.*.out", on_out),
        scoped_task(kill(bus)),
        asyncio.TaskGroup() as talks,
    ):
        for number in range(8):
            talks.create_task(talk(number))
    assert {(one.name, one.reason) for one in failed} <= {("book", "unknown_outcome")}
    made = tools.notes()[before:]
    booked = [one["key"] for one in made if one["tool"] == "book"]
    assert len(booked) == len(set(booked)), "a call that is not idempotent ran twice"
    assert {one["what"] for one in made if one["tool"] == "ask"} == {
        f"k{n}x{t}" for n in range(8) for t in range(6) if not (n + t) % 2
    }
