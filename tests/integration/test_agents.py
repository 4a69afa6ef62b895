"""Agents as an application meets them: files, applied to a whole Aura, named by its callers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from schemas.events import SessionEnded, SessionReconfigured, SessionResumed, SessionStarted
from tests.aura_process import AuraProcess
from tests.caller import calling
from tests.integration.agent_calls import (
    agents,
    applied,
    beginning,
    command,
    held,
    running,
    started,
    token,
)
from tests.reading_model import digest
from tests.realtime_caller import realtime
from tests.session_log import end_of, log_of


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuraProcess]:
    with running(tmp_path_factory.mktemp("agents")) as aura:
        yield aura


async def test_the_example_answers_with_its_greeting_and_is_recorded(house: AuraProcess) -> None:
    assert "Agent host@" in house.said()
    variables = quote(json.dumps({"guest": "Ann"}))
    async with held(house, f"&agent=host&variables={variables}") as caller:
        greeting = await caller.until("greeting")
        await caller.send({"type": "text", "text": "Is there a table?"})
        await caller.until("ai_complete")
        await caller.send({"type": "end_call"})
        await caller.ws.wait_closed()
    assert greeting["text"] == "Da Luigi, good evening! How can I help you?"
    events = await log_of(house, greeting["session"])
    began = next(one for one in events if isinstance(one, SessionStarted))
    assert began.agent
    assert began.agent.name == "host"
    assert began.agent.variables == {"guest": "Ann", "restaurant": "Da Luigi"}
    assert "The guest is called Ann." in began.config.response.system_prompt
    assert began.config.turns.eagerness == "low"
    ended = next(one for one in events if isinstance(one, SessionEnded))
    assert ended.agent == str(began.agent)
    for shown in (("show", greeting["session"]), ("sessions", "--tenant", "acme")):
        told = await asyncio.to_thread(command, house, *shown)
        assert str(began.agent) in told.stdout


async def test_the_model_that_a_realtime_client_names_is_an_agent_where_there_is_one(
    house: AuraProcess, tmp_path: Path
) -> None:
    text = "prompt: one\nturns: {eagerness: low}\ncallers: {may_set: [eagerness]}\n"
    await applied(house, tmp_path, "spoken", text)
    for model, prompt in (("spoken", "one"), ("gpt-realtime", None)):
        headers = {"Authorization": f"Bearer {token()}"}
        async with realtime(house.url, f"model={model}", headers=headers) as caller:
            session = (await caller.until("session.created"))["session"]["id"]
            vad = {"type": "semantic_vad", "eagerness": "high"}
            changed = {"instructions": "Sell all.", "audio": {"input": {"turn_detection": vad}}}
            await caller.send({"type": "session.update", "session": changed})
            await caller.until("session.updated")
        found = await log_of(house, session, end_of)
        began = next(one for one in found if isinstance(one, SessionStarted))
        assert (began.agent.name if began.agent else None) == ("spoken" if prompt else None)
        again = next(one for one in found if isinstance(one, SessionReconfigured))
        assert again.config.turns.eagerness == "high"
        assert again.config.response.system_prompt == (prompt or "Sell all.")


async def test_a_model_that_can_reads_a_prompt_before_anybody_has_spoken(
    house: AuraProcess, tmp_path: Path
) -> None:
    """That of an agent as it is applied, and that of a call with its variables as it begins."""
    told = "prompt: You are ahead.\ntools: [end_call]\n"
    await applied(house, tmp_path, "ahead", told)
    await asyncio.to_thread(house.wait_for, digest("You are ahead.", "end_call"))
    asks = "prompt: You are ahead of {{who}}.\nvariables: {who: {callers_may_set: true}}\n"
    await applied(house, tmp_path, "asks", asks)
    await asyncio.to_thread(house.wait_for, digest("You are ahead of -."))
    variables = quote(json.dumps({"who": "Zoe"}))
    async with held(house, f"&greeting=0&agent=asks&variables={variables}") as caller:
        await caller.until("session")
        await asyncio.to_thread(house.wait_for, digest("You are ahead of Zoe."))


async def test_a_changed_agent_serves_the_next_call_and_a_running_one_keeps_its_own(
    house: AuraProcess, tmp_path: Path
) -> None:
    _, first = await applied(house, tmp_path, "change", "prompt: one")
    async with held(house, "&agent=change&greeting=0") as caller:
        session = (await caller.until("session"))["session"]
        _, second = await applied(house, tmp_path, "change", "prompt: two")
        assert second > first
        assert (await started(house, "&agent=change")).config.response.system_prompt == "two"
        await caller.send({"type": "text", "text": "hello"})
        await caller.until("ai_complete")
        events = await log_of(house, session)
    assert not [one for one in events if isinstance(one, SessionReconfigured)]
    began = await beginning(house, session)
    assert began.config.response.system_prompt == "one"


async def test_a_session_that_comes_back_goes_on_with_its_own_revision(
    house: AuraProcess, tmp_path: Path
) -> None:
    text = "prompt: 'one {{a}}'\nvariables: {a: {callers_may_set: true}}\n"
    await applied(house, tmp_path, "back", text)
    asked = "&greeting=0&agent=back&variables=" + quote('{"a": "x"}')
    async with held(house, asked) as caller:
        session = (await caller.until("session"))["session"]
    await applied(house, tmp_path, "back", text.replace("one", "two"))
    async with held(house, f"&session={session}") as caller:
        assert (await caller.until("session"))["resumed"] is True
    events = await log_of(house, session)
    (resumed,) = [one for one in events if isinstance(one, SessionResumed)]
    assert resumed.config.response.system_prompt == "one x"


async def test_tenants_do_not_meet_each_others_agents(house: AuraProcess, tmp_path: Path) -> None:
    await applied(house, tmp_path, "mine", "prompt: acme's", "--tenant", "acme")
    await applied(house, tmp_path, "default", "prompt: other's", "--tenant", "other")
    assert (await started(house, "&agent=mine")).config.response.system_prompt == "acme's"
    assert (await started(house, tenant="other")).config.response.system_prompt == "other's"
    assert (await started(house)).agent is None
    async with held(house, "&agent=mine", tenant="other") as caller:
        error = await caller.until("error")
        await caller.ws.wait_closed()
    assert error["code"] == "AGENT_UNKNOWN"
    assert caller.ws.close_code == 1008


async def test_a_token_pins_the_agent_and_brings_what_callers_may_not(
    house: AuraProcess, tmp_path: Path
) -> None:
    text = (
        "prompt: 'for {{who}}'\nvariables: {who: {}}\n"
        "callers: {may_choose: false, may_set: []}\nlanguage: en\n"
    )
    await applied(house, tmp_path, "vip", text)
    claims = {"agent": "vip", "variables": {"who": "Ann"}}
    query = "&language=de&variables=" + quote('{"who": "Mallory"}')
    async with held(house, f"&greeting=0{query}", **claims) as caller:
        error = await caller.until("error")
        session = (await caller.until("session"))["session"]
    assert error["code"] == "INVALID_OPTION"
    assert "language" in error["details"]
    began = await beginning(house, session)
    assert began.config.response.system_prompt == "for Ann"
    assert began.config.language == "en"
    for query, more, code in (
        ("&agent=vip", {}, "AGENT_UNKNOWN"),
        ("&agent=host", claims, "AGENT_REFUSED"),
        ("", {"agent": "vip"}, "INVALID_VARIABLES"),
        ("", {"agent": "nobody"}, "AGENT_UNKNOWN"),
    ):
        async with held(house, query, **more) as caller:
            assert (await caller.until("error"))["code"] == code
            await caller.ws.wait_closed()
            assert caller.ws.close_code == 1008


async def test_a_refused_start_leaves_a_connection_of_ws_where_it_was(house: AuraProcess) -> None:
    async with calling(house.url, "/ws") as caller:
        await caller.send({"type": "start_conversation", "agent": "nobody"})
        assert (await caller.until("error"))["code"] == "AGENT_UNKNOWN"
        await caller.send({"type": "end_conversation"})
        assert (await caller.until("error", 2))["code"] == "NO_SESSION"
        start = {"type": "start_conversation", "agent": "host", "variables": {"guest": "Ann"}}
        await caller.send(start)
        session = (await caller.until("conversation_started"))["session_id"]
        await caller.send({"type": "text", "text": "Is there a table?"})
        await caller.until("ai_response")
    began = await beginning(house, session)
    assert began.agent
    assert began.agent.variables["guest"] == "Ann"


async def test_a_broken_file_is_refused_with_its_line_and_nothing_is_applied(
    house: AuraProcess, tmp_path: Path
) -> None:
    (tmp_path / "fine.yaml").write_text("prompt: fine\n", encoding="utf-8")
    (tmp_path / "bad.yaml").write_text("prompt: hi\nturns:\n  eagernes: low\n", encoding="utf-8")
    for options in ((), ("--check",)):
        done = await agents(house, "apply", str(tmp_path), *options)
        assert done.returncode == 1
        assert "bad.yaml:3: turns.eagernes: there is no such field: did you mean" in done.stderr
    assert (await agents(house, "show", "fine")).returncode == 1
    (tmp_path / "bad.yaml").unlink()
    assert (await agents(house, "apply", str(tmp_path), "--check")).stdout == "1 good.\n"


async def test_revisions_are_listed_compared_brought_back_and_removed(
    house: AuraProcess, tmp_path: Path
) -> None:
    one, two = "prompt: one\nlanguage: en\n", "prompt: two\nlanguage: en\n"
    _, first = await applied(house, tmp_path, "turns", one)
    assert (await applied(house, tmp_path, "turns", one))[1] == first
    _, second = await applied(house, tmp_path, "turns", two)

    listed = json.loads((await agents(house, "list", "--json")).stdout)
    assert [row["revision"] for row in listed if row["name"] == "turns"] == [second]
    assert (await agents(house, "show", "turns")).stdout == two
    assert (await agents(house, "show", f"turns@{first}")).stdout == one
    assert (await agents(house, "show", f"host@{first}")).returncode == 1

    differs = await agents(house, "diff", "turns")
    assert differs.returncode == 1
    assert "-prompt: one\n+prompt: two\n" in differs.stdout
    (tmp_path / "turns.yaml").write_text("prompt: three\n", encoding="utf-8")
    assert "+prompt: three" in (await agents(house, "diff", str(tmp_path / "turns.yaml"))).stdout
    assert (await agents(house, "diff", f"turns@{second}")).returncode == 0

    back = await agents(house, "rollback", "turns")
    assert f"is turns@{first} again" in back.stdout
    assert (await started(house, "&agent=turns")).config.response.system_prompt == "one"
    kept = (await agents(house, "history", "turns")).stdout.splitlines()
    assert len(kept) == 3
    assert kept[0].endswith("+1 -1 lines")
    assert kept[-1].startswith(f"turns@{first} ")

    assert (await agents(house, "remove", "turns")).returncode == 0
    async with held(house, "&agent=turns") as caller:
        assert (await caller.until("error"))["code"] == "AGENT_UNKNOWN"
    assert "removed" in (await agents(house, "history", "turns")).stdout
    assert (await agents(house, "rollback", "turns")).returncode == 0
    await started(house, "&agent=turns")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("show", "nobody"), "there is no agent nobody"),
        (("show", "host@x"), "no NAME or NAME@REV"),
        (("show", "a.b"), "no NAME or NAME@REV"),
        (("history", "nobody"), "there is no agent nobody"),
        (("rollback", "nobody"), "no revision before"),
        (("remove", "nobody"), "there is no agent nobody"),
        (("apply", "nowhere.yaml"), "No such file"),
        (("diff", "./nowhere.yaml"), "No such file"),
    ],
)
async def test_what_an_operator_gets_wrong_is_one_line(
    house: AuraProcess, arguments: tuple[str, ...], words: str
) -> None:
    done = await agents(house, *arguments)
    assert done.returncode == 1
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


async def test_a_recorded_call_is_driven_again_by_another_revision(
    house: AuraProcess, tmp_path: Path
) -> None:
    text = "prompt: 'one {{a}}'\nmodel: {max_tokens: 9}\nvariables: {a: {callers_may_set: true}}\n"
    _, first = await applied(house, tmp_path, "drive", text)
    asked = "&greeting=0&agent=drive&variables=" + quote('{"a": "x"}')
    async with held(house, asked) as caller:
        session = (await caller.until("session"))["session"]
        await caller.send({"type": "text", "text": "hello"})
        await caller.until("ai_complete")
        await caller.send({"type": "end_call"})
        await caller.ws.wait_closed()
    changed = text.replace("one", "two").replace("model: {max_tokens: 9}\n", "")
    _, second = await applied(house, tmp_path, "drive", changed)
    for number, words in ((second, "two x"), (first, "one x")):
        wanted = ("--drive", "--agent", f"drive@{number}", "--json")
        done = await asyncio.to_thread(command, house, "replay", session, *wanted)
        assert done.returncode == 0, done.stderr
        began = await beginning(house, json.loads(done.stdout)["replay"])
        assert str(began.agent) == f"drive@{number}"
        assert began.config.response.system_prompt == words
        assert began.config.response.max_tokens == (9 if number == first else 120)
    for options, said in (
        ("--drive --agent drive@1", "there is no agent drive@1"),
        ("--agent drive", "does nothing without --drive"),
    ):
        done = await asyncio.to_thread(command, house, "replay", session, *options.split())
        assert (done.returncode, said in done.stderr) == (1, True)


async def test_no_value_of_a_variable_is_in_a_log(house: AuraProcess) -> None:
    variables = quote(json.dumps({"guest": "Swordfish"}))
    await started(house, f"&agent=host&variables={variables}")
    async with held(house, f"&agent=nobody&variables={variables}") as caller:
        await caller.until("error")
    await asyncio.to_thread(house.wait_for, "session_refused")
    assert "Swordfish" not in house.said()
