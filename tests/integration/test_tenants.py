"""Tenants, limits and webhooks as an operator and an application meet them: a whole Aura."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from schemas.events import SessionStarted, SpendCounted, SpendReached, TurnTaken
from tests.aura_process import SIMULATED, AuraProcess
from tests.caller import buzz, wav
from tests.integration.agent_calls import SECRET, agents, applied, command, held, token
from tests.integration.test_call_webhooks import SECRET as WEBHOOK_SECRET
from tests.integration.test_webhook import Receiver
from tests.session_log import log_of

WORDS = "That was all for today."


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuraProcess]:
    env = {
        **SIMULATED,
        "AURA_JWT_SECRET": SECRET,
        "AURA_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "AURA_MAX_SESSIONS_PER_USER": "50",
        "AURA_RECONNECTS_PER_MINUTE": "100",
        "AURA_MAX_CONNECTIONS_PER_IP": "50",
    }
    aura = AuraProcess(tmp_path_factory.mktemp("tenants"), env=env)
    try:
        yield aura.wait_until_ready()
    finally:
        assert aura.stop() == 0


async def tenants(of: AuraProcess, *arguments: str) -> CompletedProcess[str]:
    return await asyncio.to_thread(command, of, "tenants", *arguments)


async def apply(of: AuraProcess, folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    done = await tenants(of, "apply", str(folder / f"{name}.yaml"))
    assert done.returncode == 0, done.stderr


async def test_a_tenants_file_holds_its_calls_and_no_other_tenants(
    house: AuraProcess, tmp_path: Path
) -> None:
    await applied(house, tmp_path, "desk", "prompt: Desk.\nspend: {tokens: 1000000}")
    await apply(
        house,
        tmp_path,
        "meter",
        f"agent: desk\nlimits: {{sessions: 1}}\nspend: {{tokens: 1, words: '{WORDS}'}}\n",
    )
    async with held(house, "&greeting=0", tenant="meter") as caller:
        session = (await caller.until("session"))["session"]
        async with held(house, "&greeting=0", tenant="meter") as second:
            assert (await second.until("error"))["code"] == "SESSION_LIMIT"
        async with held(house, "&greeting=0", tenant="other") as third:
            await third.until("session")
        await caller.send({"type": "text", "text": "hello"})
        assert (await caller.until("error"))["code"] == "SPEND_LIMIT"
        await caller.ws.wait_closed()
        assert caller.close_code == 1000
    spoken = [one["text"] for one in caller.told("ai_audio")]
    assert spoken[-1].strip() == WORDS
    events = await log_of(house, session)
    began = next(one for one in events if isinstance(one, SessionStarted))
    assert began.agent
    assert began.agent.name == "desk"
    assert began.config.spend.tokens == 1
    (reached,) = [one for one in events if isinstance(one, SpendReached)]
    assert (reached.limit, reached.most_tokens) == ("tokens", 1)
    counted = [one for one in events if isinstance(one, SpendCounted)]
    assert counted[0].completion_tokens + counted[0].prompt_tokens == reached.used_tokens
    assert sum(isinstance(one, TurnTaken) for one in events) == 1
    decided = await asyncio.to_thread(command, house, "replay", session, "--decide")
    assert decided.returncode == 0, decided.stdout + decided.stderr


async def test_an_application_is_told_of_a_call_by_its_agents_webhook(
    house: AuraProcess, tmp_path: Path
) -> None:
    async with Receiver(503).listening() as receiver:
        text = f"prompt: Desk.\nwebhook: {{url: 'http://127.0.0.1:{receiver.port}/hook'}}"
        await applied(house, tmp_path, "told", text)
        async with held(house, "&greeting=0&agent=told") as caller:
            session = (await caller.until("session"))["session"]
            await caller.send({"type": "text", "text": "hello"})
            await caller.until("ai_complete")
            await caller.send({"type": "end_call"})
            await caller.ws.wait_closed()
        await receiver.until(4)  # the first was not taken
    messages = {json.loads(body)["data"]["number"]: json.loads(body) for _, body in receiver.came}
    assert [messages[number]["type"] for number in range(3)] == [
        "call.started",
        "call.turn",
        "call.ended",
    ]
    assert messages[1]["data"]["caller"] == "hello"
    assert messages[1]["data"]["session"] == session
    assert messages[2]["data"]["reason"] == "end_call"


async def test_files_of_tenants_are_kept_by_revision_like_agents(
    house: AuraProcess, tmp_path: Path
) -> None:
    file = tmp_path / "kept.yaml"
    for sessions in (1, 2):
        await apply(house, tmp_path, "kept", f"limits: {{sessions: {sessions}}}\n")
    assert "sessions: 2" in (await tenants(house, "show", "kept")).stdout
    assert "-limits: {sessions: 1}" in (await tenants(house, "diff", "kept")).stdout
    listed = json.loads((await tenants(house, "list", "--json")).stdout)
    assert "kept" in [one["name"] for one in listed]
    assert "kept" not in (await agents(house, "list")).stdout
    assert (await tenants(house, "remove", "kept")).returncode == 0
    assert (await tenants(house, "show", "kept")).returncode == 1
    file.write_text("agent: nobody\n", encoding="utf-8")
    refused = await tenants(house, "apply", str(file))
    assert (refused.returncode, "kept.yaml:1: there is no agent nobody" in refused.stderr) == (
        1,
        True,
    )
    file.write_text("limts: {}\n", encoding="utf-8")
    refused = await tenants(house, "apply", str(file), "--check")
    assert "kept.yaml:1: limts: there is no such field: did you mean limits?" in refused.stderr


async def test_a_revision_is_served_to_whose_token_names_it_and_can_be_evaluated(
    house: AuraProcess, tmp_path: Path
) -> None:
    _, first = await applied(house, tmp_path, "two", "prompt: One.", "--tenant", "evals")
    await applied(house, tmp_path, "two", "prompt: Two.", "--tenant", "evals")
    of = {"tenant": "evals", "agent": f"two@{first}"}
    (tmp_path / "voice.wav").write_bytes(wav(buzz(900)))
    suite = tmp_path / "suite.yaml"
    suite.write_text("name: x\nscenarios: [{name: y, steps: [{wav: voice.wav}]}]\n", "utf-8")
    options = ("--url", house.url, "--token", token(**of), "--agent", f"two@{first}")
    done = await asyncio.to_thread(command, house, "eval", str(suite), *options)
    assert done.returncode == 0, done.stdout + done.stderr
    listed = await asyncio.to_thread(command, house, "sessions", "--tenant", "evals", "--json")
    assert [one["agent"] for one in json.loads(listed.stdout)] == [f"two@{first}"]
    for query, claims in (
        ("&agent=two@2", of),  # another one than the token names
        (f"&agent=two@{first}", {"tenant": "evals"}),  # no caller chooses a revision
        ("", {"tenant": "evals", "agent": "two@999"}),
        ("", {"tenant": "evals", "agent": "two@0"}),
        ("", {"tenant": "rival", "agent": f"two@{first}"}),
    ):
        async with held(house, query, **claims) as caller:
            assert (await caller.until("error"))["code"] in {"AGENT_UNKNOWN", "AGENT_REFUSED"}
