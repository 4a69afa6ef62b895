"""What each user of the bus may not do: nats/users.conf against a real server, act by act."""

from __future__ import annotations

import asyncio
import gc
from contextlib import AsyncExitStack
from pathlib import Path

import nats
import pytest
from nats.errors import Error as NatsError

from deploy import nats_server
from runtime.bus.connection import Bus, connect
from runtime.bus.delivery import Delivery
from runtime.bus.durable_subscription import Group, StartPosition, join
from runtime.bus.errors import BusAwayError
from runtime.settings import load
from schemas.events import TurnCommitted
from tests.nats_server import NatsServer

EV, API = "aura.ev.default.s1", "$JS.API"
FORBIDDEN = [
    # an edge relays what a caller does, never what was heard
    ("edge", "pub", f"{EV}.heard"),
    ("edge", "pub", "aura.pcm.s1.1"),
    ("edge", "pub", "aura.part.s1"),
    ("edge", "pub", "aura.live.default.s1.say"),
    ("edge", "pub", f"{API}.STREAM.DELETE.AURA_EVENTS"),
    ("edge", "pub", f"{API}.STREAM.PURGE.AURA_EVENTS"),
    ("edge", "pub", f"{API}.STREAM.UPDATE.AURA_EVENTS"),
    ("edge", "pub", f"{API}.STREAM.MSG.DELETE.AURA_EVENTS"),
    ("edge", "pub", f"{API}.CONSUMER.DELETE.AURA_EVENTS.STT"),
    ("edge", "pub", f"{API}.CONSUMER.MSG.NEXT.AURA_EVENTS.LLM"),
    ("edge", "pub", "$JS.ACK.AURA_EVENTS.LLM.1.1.1.1.1"),
    ("edge", "pub", "$KV.AURA_AGENTS.shared.default"),
    ("edge", "pub", "$KV.AURA_AGENTS.tenant.acme.host"),
    ("edge", "pub", "aura.agents.shared.default"),
    ("edge", "pub", f"{API}.STREAM.PURGE.KV_AURA_AGENTS"),
    ("edge", "pub", f"{API}.STREAM.DELETE.KV_AURA_AGENTS"),
    ("edge", "pub", f"{API}.CONSUMER.CREATE.KV_AURA_AGENTS"),
    # telephones hold calls as an edge does, and command nobody else's
    ("sip", "pub", f"{EV}.heard"),
    ("sip", "pub", "aura.call.s1"),
    ("sip", "pub", "aura.calls"),
    ("sip", "pub", "aura.dial"),
    ("sip", "pub", "$KV.AURA_AGENTS.shared.default"),
    ("sip", "sub", "_INBOX_edge.>"),
    ("sip", "sub", "aura.live.>"),
    ("edge", "sub", "aura.dial"),
    # it asks for and answers calls, and sees no mail of operators
    ("edge", "sub", "_INBOX_operator.>"),
    ("stt", "pub", "aura.call.s1"),
    ("stt", "sub", "aura.call.>"),
    ("llm", "pub", "aura.call.s1"),
    ("llm", "sub", "aura.call.>"),
    ("tts", "pub", "aura.call.s1"),
    ("tts", "sub", "aura.calls"),
    ("analytics", "pub", "aura.call.s1"),
    ("analytics", "sub", "aura.call.>"),
    ("shadow", "pub", "aura.calls"),
    ("shadow", "sub", "aura.call.>"),
    ("edge", "sub", "aura.ev.>"),
    ("edge", "sub", "aura.live.>"),
    ("edge", "sub", "aura.au.>"),
    ("edge", "sub", "_INBOX_llm.>"),
    ("edge", "sub", ">"),
    # a recogniser hears and tells
    ("stt", "pub", f"{EV}.turn"),
    ("stt", "pub", f"{EV}.say"),
    ("stt", "pub", f"{EV}.life"),
    ("stt", "pub", f"{EV}.speech"),
    ("stt", "pub", "aura.pcm.s1.1"),
    ("stt", "pub", "aura.au.s1.1"),
    ("stt", "pub", f"{API}.DIRECT.GET.AURA_EVENTS"),
    ("stt", "pub", f"{API}.DIRECT.GET.AURA_EVENTS.{EV}.life"),
    ("stt", "pub", f"{API}.CONSUMER.MSG.NEXT.AURA_EVENTS.LLM"),
    ("stt", "pub", "$KV.AURA_SEATS.all.1"),
    ("stt", "sub", "aura.live.>"),
    ("stt", "sub", "aura.agents.>"),
    ("stt", "pub", f"{API}.DIRECT.GET.KV_AURA_AGENTS"),
    ("llm", "sub", "aura.agents.>"),
    ("llm", "sub", "aura.prompts"),
    ("llm", "pub", "aura.prompts.now"),
    ("tts", "pub", "aura.prompts"),
    ("stt", "sub", "aura.prompts.now"),
    ("llm", "pub", "$KV.AURA_AGENTS.shared.default"),
    ("analytics", "sub", "aura.agents.>"),
    ("analytics", "pub", "$KV.AURA_AGENTS.shared.default"),
    ("stt", "sub", "aura.pcm.>"),
    ("stt", "sub", "_INBOX_edge.>"),
    # a language model reads its turn and never hears a caller
    ("llm", "pub", f"{EV}.life"),
    ("llm", "pub", f"{EV}.heard"),
    ("llm", "pub", f"{EV}.turn"),
    ("llm", "pub", f"{API}.DIRECT.GET.AURA_AUDIO"),
    ("llm", "pub", f"{API}.STREAM.PURGE.AURA_EVENTS"),
    ("llm", "sub", "aura.au.>"),
    ("llm", "sub", "aura.pcm.>"),
    ("llm", "sub", "aura.part.>"),
    ("llm", "sub", "aura.live.*.*.heard"),
    # a voice speaks sentences
    ("tts", "pub", f"{EV}.say"),
    ("tts", "pub", f"{EV}.life"),
    ("tts", "pub", "aura.au.s1.1"),
    ("tts", "pub", f"{API}.CONSUMER.MSG.NEXT.AURA_EVENTS.STT"),
    ("tts", "pub", "$JS.ACK.AURA_EVENTS.STT.1.1.1.1.1"),
    ("tts", "sub", "aura.au.>"),
    ("tts", "sub", "aura.live.*.*.heard"),
    # a tool runner calls tools and tells of them
    ("tool", "pub", f"{EV}.tool"),
    ("tool", "pub", f"{EV}.say"),
    ("tool", "pub", f"{EV}.turn"),
    ("tool", "pub", f"{EV}.life"),
    ("tool", "pub", f"{API}.DIRECT.GET.AURA_AUDIO"),
    ("tool", "pub", f"{API}.CONSUMER.MSG.NEXT.AURA_EVENTS.LLM"),
    ("tool", "sub", "aura.au.>"),
    ("tool", "sub", "aura.live.*.*.heard"),
    ("tool", "sub", "aura.tool.*.*"),
    # a tool answers what it is asked
    ("service", "pub", f"{EV}.out"),
    ("service", "pub", f"{EV}.tool"),
    ("service", "pub", "aura.tool.default.other"),
    ("service", "pub", "_INBOX_tool.x"),
    ("service", "pub", f"{API}.DIRECT.GET.AURA_EVENTS"),
    ("service", "sub", "aura.live.>"),
    ("service", "sub", "aura.ev.>"),
    ("service", "sub", "_INBOX_tool.>"),
    # a subscriber reads events and changes nothing
    ("analytics", "pub", f"{EV}.life"),
    ("analytics", "pub", f"{EV}.say"),
    ("analytics", "pub", "aura.live.default.s1.say"),
    ("analytics", "pub", f"{API}.STREAM.DELETE.AURA_EVENTS"),
    ("analytics", "pub", f"{API}.CONSUMER.DELETE.AURA_EVENTS.STT"),
    ("analytics", "pub", f"{API}.CONSUMER.MSG.NEXT.AURA_EVENTS.STT"),
    ("analytics", "pub", f"{API}.CONSUMER.CREATE.AURA_EVENTS.LLM.aura.ev.*.*.turn"),
    ("analytics", "pub", "$JS.ACK.AURA_EVENTS.TTS.1.1.1.1.1"),
    ("analytics", "pub", "$KV.AURA_SEATS.all.1"),
    ("analytics", "sub", "aura.au.>"),
    ("analytics", "sub", "aura.pcm.>"),
    ("analytics", "sub", "_INBOX_edge.>"),
    ("analytics", "pub", f"{API}.DIRECT.GET.AURA_AUDIO"),
    ("analytics", "pub", f"{API}.CONSUMER.DURABLE.CREATE.AURA_EVENTS.LLM"),
    # nor makes a consumer at all: it could deliver anywhere
    ("analytics", "pub", f"{API}.CONSUMER.CREATE.AURA_EVENTS.mine"),
    ("analytics", "pub", f"{API}.CONSUMER.CREATE.AURA_EVENTS.mine.aura.ev.*.*.heard"),
    ("analytics", "pub", f"{API}.CONSUMER.DURABLE.CREATE.AURA_EVENTS.mine"),
    ("analytics", "pub", f"{API}.CONSUMER.DELETE.AURA_EVENTS.mine"),
    ("analytics", "pub", f"{API}.CONSUMER.PAUSE.AURA_EVENTS.mine"),
    ("analytics", "pub", f"{API}.CONSUMER.INFO.AURA_EVENTS.STT"),
    # an engine on trial hears callers and is never heard
    ("shadow", "pub", f"{EV}.heard"),
    ("shadow", "pub", f"{EV}.say"),
    ("shadow", "pub", f"{EV}.out"),
    ("shadow", "pub", "aura.pcm.s1.1"),
    ("shadow", "pub", "aura.au.s1.1"),
    ("shadow", "pub", "aura.part.s1"),
    ("shadow", "pub", "aura.live.default.s1.say"),
    ("shadow", "pub", f"{API}.CONSUMER.MSG.NEXT.AURA_EVENTS.STT"),
    ("shadow", "pub", "$JS.ACK.AURA_EVENTS.STT.1.1.1.1.1"),
    ("shadow", "pub", f"{API}.CONSUMER.CREATE.AURA_EVENTS.mine"),
    ("shadow", "pub", f"{API}.CONSUMER.DURABLE.CREATE.AURA_EVENTS.mine"),
    ("shadow", "sub", "_INBOX_analytics.>"),
    # the console looks, asks calls to do something, and writes nothing itself
    *(("console", "pub", f"{EV}.{kind}") for kind in ("life", "heard", "turn", "say", "out")),
    ("console", "pub", "aura.live.default.s1.say"),
    ("console", "pub", "aura.pcm.s1.1"),
    ("console", "pub", "aura.part.s1"),
    ("console", "pub", "$KV.AURA_AGENTS.shared.default"),
    ("console", "pub", "$KV.AURA_SEATS.all.1"),
    ("console", "pub", "aura.tool.default.lookup"),
    ("console", "pub", f"{API}.DIRECT.GET.AURA_AUDIO"),
    ("console", "pub", f"{API}.DIRECT.GET.KV_AURA_SEATS"),
    ("console", "pub", f"{API}.STREAM.PURGE.AURA_EVENTS"),
    ("console", "pub", f"{API}.STREAM.MSG.DELETE.AURA_EVENTS"),
    ("console", "pub", f"{API}.STREAM.DELETE.AURA_RECORDING"),
    ("console", "pub", f"{API}.CONSUMER.CREATE.AURA_EVENTS.mine"),
    ("console", "pub", f"{API}.CONSUMER.MSG.NEXT.AURA_EVENTS.STT"),
    ("console", "pub", "$JS.ACK.AURA_EVENTS.STT.1.1.1.1.1"),
    ("console", "sub", "aura.au.>"),
    ("console", "sub", "aura.pcm.>"),
    ("console", "sub", "aura.call.>"),
    ("console", "sub", "_INBOX_operator.>"),
]


@pytest.mark.parametrize("role", sorted({role for role, _, _ in FORBIDDEN}))
async def test_a_role_may_not_do_what_its_code_does_not(nats_server: NatsServer, role: str) -> None:
    acts = [(verb, subject) for one, verb, subject in FORBIDDEN if one == role]
    said: list[str] = []

    async def on_error(error: Exception) -> None:
        said.append(str(error).lower())

    async def nothing(_: object) -> None:
        raise AssertionError

    client = await nats.connect(nats_server.url_of(role), error_cb=on_error)
    for verb, subject in acts:
        if verb == "pub":
            await client.publish(subject, b"x")
        else:
            await client.subscribe(subject, cb=nothing)
    async with asyncio.timeout(5):
        while len(said) < len(acts):
            await client.flush()
            await asyncio.sleep(0.01)
    for verb, subject in acts:
        verb_said = {"pub": "publish", "sub": "subscription"}[verb]
        violation = f'permissions violation for {verb_said} to "{subject.lower()}"'
        assert any(violation in one for one in said), (role, verb, subject)
    await client.close()


@pytest.mark.parametrize("role", ["analytics", "shadow", "console"])
async def test_what_a_reader_asks_for_is_delivered_to_nobody_else(
    nats_server: NatsServer, bus: Bus, role: str
) -> None:
    """A server sends answers to the subject that the asker names, past the asker's permissions."""
    await join(bus, Group("theirs", ["aura.ev.*.*.*"], 30), StartPosition("all"))
    secret = TurnCommitted(
        tenant="acme",
        session="s1",
        at_ms=1,
        turn=1,
        text="Secret.",
        confidence=1.0,
        speculative=False,
    )
    await bus.publish(secret)
    heard: list[str] = []

    async def on_message(said: Delivery) -> None:
        if b"Secret." in said.data:
            heard.append(said.subject)

    async with AsyncExitStack() as listening:
        for subject in ("aura.part.>", "aura.pcm.>", "aura.rec.>", "_INBOX_edge.>", "$KV.>"):
            await listening.enter_async_context(bus.listening(subject, on_message))
        await bus.flush()
        reader = await nats.connect(nats_server.url_of(role), inbox_prefix=f"_INBOX_{role}")
        last = b'{"last_by_subj":"aura.ev.acme.s1.life"}'
        for victim in ("aura.part.s2", "aura.pcm.s2.1", "aura.rec.t.s2.caller", "_INBOX_edge.x"):
            asked = f"{API}.CONSUMER.MSG.NEXT.AURA_EVENTS.theirs"
            await reader.publish(asked, b'{"batch":1,"no_wait":true}', reply=victim)
            await reader.publish(f"{API}.DIRECT.GET.AURA_EVENTS", last, reply=victim)
        got = await reader.request(f"{API}.DIRECT.GET.AURA_EVENTS", last)
        assert b"Secret." in got.data, "what it may read it reads"
        await bus.flush()
        await reader.close()
    assert heard == []


async def test_what_was_stored_before_there_were_accounts_is_still_there(tmp_path: Path) -> None:
    folder = tmp_path / "nats"
    (folder / "jetstream" / "jetstream" / "$G" / "streams").mkdir(parents=True)
    nats_server.command(folder, 1)
    assert (folder / "jetstream" / "jetstream" / nats_server.ACCOUNT / "streams").is_dir()


refused = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""nats-py leaves the stream of a refused connection open: collected here, it harms no other."""


@refused
async def test_nobody_comes_in_without_a_user_or_with_a_wrong_password(
    nats_server: NatsServer,
) -> None:
    for url in (nats_server.bare_url, nats_server.bare_url.replace("//", "//operator:wrong@")):
        with pytest.raises(NatsError):
            await nats.connect(
                url, allow_reconnect=False, max_reconnect_attempts=0, error_cb=_quiet
            )
    gc.collect()


@refused
async def test_a_refused_command_is_told_which_settings_let_it_in(nats_server: NatsServer) -> None:
    with pytest.raises(BusAwayError, match="AURA_NATS_USER and AURA_NATS_PASSWORD"):
        await connect(load(nats_url=nats_server.bare_url), "test", wait_s=1)
    gc.collect()


async def _quiet(_: Exception) -> None:
    return


def test_passwords_are_kept_for_the_owner_and_differ(tmp_path: Path) -> None:
    made = nats_server.passwords(tmp_path)
    assert made == nats_server.passwords(tmp_path)
    assert len(set(made.values())) == len(made)
    (kept,) = tmp_path.iterdir()
    assert kept.stat().st_mode & 0o077 == 0
