"""Running calls as an application and a supervisor command them: two edges, whichever is asked.

One file, since a second one would start two edges again.
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
import subprocess
import time
import wave
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import psutil
import pytest

from runtime.agents import store
from runtime.bus.connection import connect
from runtime.bus.delivery import Delivery
from runtime.settings import load
from schemas import codec, subjects
from schemas.control import CallPlaced, CallPlacing
from schemas.events import ControlReceived, ControlSpoken, TurnTaken
from tests.aura_process import SIMULATED, AuraProcess
from tests.caller import VOICE_MS, Caller, buzz, calling, silence
from tests.session_log import log_of

SECRET = "a secret that is long enough for HS256"
OPERATOR = "an operator's token of 32 characters or more"
PATH = "/ws/voice/continuous?greeting=0&audio=chunks&token="


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuraProcess]:
    env = {
        **SIMULATED,
        "AURA_SIM_TTS_AUDIO_MS": "800",
        "AURA_JWT_SECRET": SECRET,
        "AURA_OPERATOR_TOKEN": OPERATOR,
        "AURA_MAX_SESSIONS_PER_USER": "50",
        "AURA_RECONNECTS_PER_MINUTE": "10000",
        "AURA_MAX_CONNECTIONS_PER_IP": "50",
        "AURA_API_REQUESTS_PER_MINUTE": "100000",
    }
    aura = AuraProcess(tmp_path_factory.mktemp("calls"), "--edges", "2", env=env)
    try:
        yield aura.wait_until_ready()
    finally:
        assert aura.stop() == 0


def token(tenant: str = "acme", **claims: Any) -> str:
    said = {"sub": "ann", "tenant": tenant, "exp": int(time.time()) + 600, **claims}
    return jwt.encode(said, SECRET, "HS256")


class Api:
    """Asks the edge that does not hold the call."""

    def __init__(self, http: aiohttp.ClientSession, of: AuraProcess) -> None:
        self._http = http
        self._urls = [f"http://127.0.0.1:{of.port + 1}", of.url]

    async def ask(
        self,
        path: str,
        body: Any = None,
        *,
        by: str | None = OPERATOR,
        key: str | None = None,
        data: bytes | None = None,
        edge: int = 0,
    ) -> tuple[int, Any]:
        """GET, or POST *body* or *data*; return the status and what the JSON holds."""
        headers = {"Authorization": f"Bearer {by}"} if by is not None else {}
        if key is not None:
            headers["Idempotency-Key"] = key
        sent = data if data is not None else json.dumps(body).encode() if body is not None else None
        method = "GET" if sent is None else "POST"
        url = f"{self._urls[edge]}/v1/{path}"
        async with self._http.request(method, url, data=sent, headers=headers) as answer:
            assert answer.content_type == "application/json"
            return answer.status, json.loads(await answer.read())


@pytest.fixture
async def api(house: AuraProcess) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession() as http:
        yield Api(http, house)


@asynccontextmanager
async def held(
    of: AuraProcess, query: str = "", **claims: Any
) -> AsyncIterator[tuple[Caller, str]]:
    """A call on the first edge, and its session."""
    async with calling(of.url, PATH + token(**claims) + query) as caller:
        yield caller, (await caller.until("session"))["session"]


async def aura(of: AuraProcess, *arguments: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(of.run, *arguments)


def heard(caller: Caller) -> str:
    return "".join(chunk["text"] for chunk in caller.told("ai_audio_chunk"))


async def test_a_call_is_seen_and_commanded_at_the_other_edge(house: AuraProcess, api: Api) -> None:
    async with held(house) as (caller, session):
        status, found = await api.ask("calls")
        assert status == 200
        (mine,) = [one for one in found["calls"] if one["session"] == session]
        assert (mine["tenant"], mine["user"], mine["state"]) == ("acme", "ann", "idle")
        assert (await api.ask(f"calls/{session}"))[1] == mine

        status, done = await api.ask(f"calls/{session}/say", {"text": "We close soon."}, key="k-1")
        assert (status, done["id"], done["call"]["session"]) == (200, "k-1", session)
        log = await log_of(house, session)  # once it is answered it is stored
        (received,) = [one for one in log if isinstance(one, ControlReceived)]
        assert (received.command_id, received.by) == ("k-1", "operator")
        await caller.until("ai_complete")
        assert heard(caller) == "We close soon."
        again, _ = await api.ask(f"calls/{session}/say", {"text": "We close soon."}, key="k-1")
        assert again == 200

        assert (await api.ask(f"calls/{session}/instruct", {"text": "Be brief."}))[0] == 200
        await caller.send({"type": "text", "text": "Hello?"})
        await caller.until("ai_complete", 2)
        (turn,) = [one for one in await log_of(house, session) if isinstance(one, TurnTaken)]
        assert turn.system.endswith("Be brief.")
        asked = {"text": "Greet them.", "respond": True}
        assert (await api.ask(f"calls/{session}/instruct", asked))[0] == 200
        await caller.until("ai_complete", 3)

        assert (await api.ask(f"calls/{session}/mute", {"side": "assistant"}))[0] == 200
        assert (await api.ask(f"calls/{session}"))[1]["muted"] == ["assistant"]
        await caller.send({"type": "text", "text": "Anybody?"})
        await caller.until("user_transcript", 2)
        await asyncio.sleep(1)
        assert len(caller.told("ai_complete")) == 3

        ending = {"words": "Goodbye.", "reason": "the shop closes"}
        assert (await api.ask(f"calls/{session}/end", ending))[0] == 200
        assert (await api.ask(f"calls/{session}/say", {"text": "More."}))[0] in {404, 409}
        error = await caller.until("error")
        assert (error["code"], error["details"]) == ("CALL_ENDED", "the shop closes")
        await asyncio.wait_for(caller.ws.wait_closed(), 5)
        assert (caller.ws.close_code, caller.ws.close_reason) == (1000, "the shop closes")
        assert heard(caller).endswith("Goodbye.")
        assert (await api.ask(f"calls/{session}"))[0] == 404
    spoken = [one for one in await log_of(house, session) if isinstance(one, ControlSpoken)]
    assert len(spoken) == 3


async def test_an_operator_hands_a_call_over(house: AuraProcess, api: Api) -> None:
    files = {
        "billing": 'prompt: I am billing.\ngreeting: "Billing, hello."\n',
        "asks": "prompt: I am {{x}}.\nvariables: {x: {}}\n",
        "default": 'prompt: I am the desk.\ngreeting: "Desk, hello."\n',
    }
    bus = await connect(load(data_dir=house.data, _env_file=None), "test")
    try:
        for name, text in files.items():
            await store.apply(bus, "acme", name, text)
        path = PATH.replace("greeting=0", "greeting=1") + token()
        greeting: dict[str, Any] = {}
        while greeting.get("text") != "Desk, hello.":  # the edge has heard of the files
            async with calling(house.url, path) as caller:
                greeting = await caller.until("greeting")
                await caller.send({"type": "end_call"})
                await caller.ws.wait_closed()
        async with calling(house.url, path) as caller:
            session = (await caller.until("greeting"))["session"]
            for agent in ("unknown", "asks"):
                status, told = await api.ask(f"calls/{session}/transfer", {"agent": agent})
                assert (status, told["code"]) == (409, "CANNOT_TRANSFER")
            assert (await api.ask(f"calls/{session}/transfer", {"agent": "no/name"}))[0] == 400
            for _ in range(2):
                status, _told = await api.ask(
                    f"calls/{session}/transfer", {"agent": "billing"}, key="t-1"
                )
                assert status == 200
            await caller.until("ai_complete")
            assert heard(caller).endswith("Billing, hello.")
            await caller.send({"type": "text", "text": "Hello?"})
            await caller.until("ai_complete", 2)
            log = await log_of(house, session)
            (turn,) = [one for one in log if isinstance(one, TurnTaken)]
            assert turn.system == "I am billing."
            assert turn.agent.startswith("billing@")
    finally:
        for name in files:
            await store.remove(bus, "acme", name)
        await bus.close()


async def test_a_tenant_has_its_own_calls_and_a_caller_none(house: AuraProcess, api: Api) -> None:
    other, reads = token("globex", scope="calls:write"), token(scope="openid calls:read")
    async with held(house) as (caller, session):
        say = f"calls/{session}/say"
        for by, status in ((None, 401), ("", 401), ("x" * 40, 401), ("demo_token", 403)):
            assert (await api.ask("calls", by=by))[0] == status, by
        assert (await api.ask(f"calls/{session}", by=token()))[0] == 403
        assert await api.ask("calls", by=other) == (200, {"calls": []})
        unknown = await api.ask("calls/s_nothing", by=other)
        assert await api.ask(f"calls/{session}", by=other) == unknown
        assert await api.ask(say, {"text": "Hello."}, by=other) == unknown
        assert unknown[0] == 404
        _, found = await api.ask("calls", by=reads)
        assert session in [one["session"] for one in found["calls"]]
        assert {one["tenant"] for one in found["calls"]} == {"acme"}
        assert (await api.ask(say, {"text": "Hello."}, by=reads))[0] == 403
        writes = token(sub="sam", scope="calls:write")
        assert (await api.ask(say, {"text": "Hello."}, by=writes))[0] == 200
        await caller.until("ai_complete")
        assert heard(caller) == "Hello."
    log = await log_of(house, session)
    assert [one.by for one in log if isinstance(one, ControlReceived)] == ["sam"]


def nonsense(dice: random.Random) -> Iterator[tuple[str, bytes, str | None]]:
    """Yield actions, bodies and keys of which each is wrong."""
    values: list[Any] = [None, 7, -1.5, "", " \n", "x" * 5000, [], {}, True, ["a"], {"text": "a"}]
    actions = ("say", "instruct", "mute", "end", "interrupt")
    while True:
        action = dice.choice(actions)
        match dice.randrange(8):
            case 0:
                yield action, dice.randbytes(dice.randrange(1, 400)) + b"\xff", None
            case 1:
                yield action, json.dumps(dice.choice(values[:3] + values[6:7])).encode(), None
            case 2:
                yield action, json.dumps({"text": "a", dice.choice("xyz"): 1}).encode(), None
            case 3:
                yield dice.choice(("say", "instruct")), json.dumps({}).encode(), None
            case 4:
                wrong = dice.choice([*values[:4], *values[6:]])
                body = {"say": "text", "instruct": "text", "mute": "side", "end": "words"}
                chosen = dice.choice(tuple(body))
                value = 7 if chosen == "end" and wrong == "" else wrong
                yield chosen, json.dumps({body[chosen]: value}).encode(), None
            case 5:
                yield "say", b'{"text": "' + b"x" * dice.randrange(2001, 80_000) + b'"}', None
            case 6:
                yield "say", b'{"text": ' + b"[" * dice.randrange(1, 30_000), None
            case _:
                key = dice.choice(["", "a b", "x" * 65, "a.b", "*", ">", "\u00fc"])
                yield "say", b'{"text": "a"}', key


async def test_two_thousand_malformed_requests_get_a_clear_error_each_and_harm_no_call(
    house: AuraProcess, api: Api
) -> None:
    requests = nonsense(random.Random(1))
    async with held(house) as (caller, session):

        async def send(count: int) -> None:
            for _ in range(count):
                action, body, key = next(requests)
                status, said = await api.ask(f"calls/{session}/{action}", data=body, key=key)
                assert status in {400, 413}, (status, action, body[:80], key)
                assert said["error"]
                assert said["code"] in {"BAD_REQUEST", "TOO_LONG"}

        async with asyncio.TaskGroup() as tasks:
            for _ in range(8):
                tasks.create_task(send(250))
        for path in ("calls/a.b/say", "calls/*/say", "calls/%3E/say", "calls/x%20y/say"):
            assert (await api.ask(path, {"text": "a"}))[0] == 404
        assert (await api.ask(f"calls/{session}/dance", {}))[0] == 404
        await caller.speak(buzz(VOICE_MS) + silence(900))
        await caller.until("ai_complete")
        assert not caller.told("error")
    log = await log_of(house, session)
    assert not [one for one in log if isinstance(one, ControlReceived)]
    assert "Traceback" not in house.said()


async def test_a_command_to_an_edge_that_dies_is_answered_and_done_once_when_sent_again(
    house: AuraProcess, api: Api
) -> None:
    async with held(house) as (caller, session):
        say, words = f"calls/{session}/say", {"text": "One more thing."}
        await api.ask(f"calls/{session}/instruct", {"text": "Be brief."})
        edge = next(
            child
            for child in (psutil.Process(pid) for _, pid in house.processes())
            if any(one.laddr.port == house.port for one in child.net_connections("tcp"))
        )
        edge.send_signal(signal.SIGSTOP)
        status, said = await api.ask(say, words, key="again")
        assert (status, said["code"]) == (504, "CALL_SILENT")
        edge.kill()
        await asyncio.wait_for(caller.ws.wait_closed(), 5)
        async with asyncio.timeout(15):  # a request may yet be sent to the dead
            while (await api.ask(say, words, key="again"))[0] != 404:
                await asyncio.sleep(0.1)
    other = f"http://127.0.0.1:{house.port + 1}"
    async with calling(other, f"{PATH}{token()}&session={session}") as back:
        assert (await back.until("session"))["resumed"] is True
        for _ in range(2):
            assert (await api.ask(say, words, key="again"))[0] == 200
        await back.until("ai_complete")
        await back.send({"type": "text", "text": "Hello?"})
        await back.until("ai_complete", 2)
        assert heard(back).startswith("One more thing.")
    log = await log_of(house, session)
    ids = [one.command_id for one in log if isinstance(one, ControlReceived)]
    assert ids.count("again") == 1
    assert [one for one in log if isinstance(one, TurnTaken)][-1].system.endswith("Be brief.")
    await house.until_healthy()


async def test_the_command_line_commands_and_listens_in(house: AuraProcess, tmp_path: Path) -> None:
    sound = tmp_path / "call.wav"
    async with held(house) as (caller, session):
        listening = asyncio.create_task(
            aura(house, "calls", "listen", session, "--out", str(sound))
        )
        listed = json.loads((await aura(house, "calls", "list", "--json")).stdout)
        assert session in [one["session"] for one in listed]
        assert session in (await aura(house, "calls", "list", "--tenant", "acme")).stdout
        assert "No call" in (await aura(house, "calls", "list", "--tenant", "nobody")).stdout
        await asyncio.sleep(1)
        await caller.speak(buzz(VOICE_MS) + silence(900))
        await caller.until("ai_complete")
        for said in (
            ("say", session, "Hello from Sam."),
            ("mute", session),
            ("interrupt", session),
        ):
            done = await aura(house, "calls", *said)
            assert done.returncode == 0, done.stderr
        shown = json.loads((await aura(house, "calls", "show", session)).stdout)
        assert shown["muted"] == ["caller"]
        nobody = await aura(house, "calls", "transfer", session, "nobody")
        assert "aura agents list" in nobody.stderr
        wrong = await aura(house, "calls", "say", session, " ")
        assert wrong.returncode == 1
        assert "text" in wrong.stderr
        forgotten = await aura(house, "forget", session)
        assert forgotten.returncode == 1, "what it says now is stored anew"
        assert f"{session}: the call GOES ON" in forgotten.stdout
        assert (await aura(house, "calls", "end", session, "--reason", "enough")).returncode == 0
        await asyncio.wait_for(caller.ws.wait_closed(), 5)
        printed = (await asyncio.wait_for(listening, 30)).stdout
    assert "operator: say Hello from Sam." in printed
    assert "caller: " in printed
    assert "aura: " in printed
    assert "ended: end_call" in printed
    with wave.open(str(sound)) as file:
        assert (file.getnchannels(), file.getframerate()) == (2, 16000)
        pcm = memoryview(file.readframes(file.getnframes())).cast("h")
    assert any(pcm[0::2]), "the caller"
    assert any(pcm[1::2]), "Aura"
    gone = await aura(house, "calls", "say", session, "Hello?")
    assert gone.returncode == 1
    assert "no edge holds this call" in gone.stderr


async def test_an_idle_caller_is_asked_and_then_the_call_ends(
    house: AuraProcess, tmp_path: Path
) -> None:
    file = tmp_path / "patient.yaml"
    file.write_text("idle:\n  after_s: 2\n  prompt: Still there?\n  goodbye: Bye.\n", "utf-8")
    assert (await aura(house, "agents", "apply", str(file))).returncode == 0
    async with held(house, "&agent=patient") as (caller, _):
        error = await caller.until("error")
        assert error["code"] == "CALL_IDLE"
        await asyncio.wait_for(caller.ws.wait_closed(), 5)
        assert caller.ws.close_code == 1000
        said = [done["full_response"] for done in caller.told("ai_complete")]
        assert said == ["Still there?", "Bye."]


async def test_a_telephone_is_called_by_whoever_has_the_right_to(
    house: AuraProcess, api: Api
) -> None:
    mine = token(scope="calls:place")
    to = {"to": "+14155550100", "agent": "desk", "variables": {"name": "Ada"}}
    assert (await api.ask("calls", to))[1]["code"] == "NO_TELEPHONES"
    bad: list[Any] = [{}, {"to": ""}, {"to": "+1", "agent": "no/name"}, {**to, "by": "me"}, []]
    for wrong in bad:
        status, told = await api.ask("calls", wrong)
        assert (status, told["code"]) == (400, "BAD_REQUEST")
    assert (await api.ask("calls", to, by=token(scope="calls:write")))[0] == 403
    assert (await api.ask("calls", by=mine))[0] == 403
    asked: list[CallPlacing] = []
    bus = await connect(load(data_dir=house.data, _env_file=None), "test", role="sip")

    async def answer(message: Delivery) -> None:
        asked.append(codec.decode_as(CallPlacing, message.data))
        is_busy = asked[-1].to == "+1"
        await bus.send(
            message.reply, CallPlaced(fault="busy") if is_busy else CallPlaced(session="s_1")
        )

    async with bus, bus.listening(subjects.DIAL, answer):
        await bus.flush()
        assert await api.ask("calls", {**to, "tenant": "rival"}, by=mine) == (
            201,
            {"session": "s_1"},
        )
        assert (await api.ask("calls", {"to": "+1", "tenant": "rival"}))[1]["code"] == "BUSY"
    first, other = asked
    assert (first.tenant, first.by, first.variables) == ("acme", "ann", '{"name":"Ada"}')
    assert (other.tenant, other.by) == ("rival", "operator")


async def test_the_document_is_served(api: Api) -> None:
    status, document = await api.ask("openapi.json", by=None)
    assert status == 200
    committed = Path(__file__).parents[2] / "schemas" / "openapi.json"
    assert document == json.loads(committed.read_text(encoding="utf-8"))
