"""How a session begins: its configuration, its first events, and all for which it is refused."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from edge.core.messages.client_commands import Begin
from edge.door.callers.auth import DEMO_TENANT, Caller
from edge.door.opening.opening import UNKNOWN, Opening
from edge.door.opening.opening_rules import ANY_SOUND_IS_A_VOICE, RECORDED
from edge.door.opening.seat import Seat
from edge.door.refusal import RefusedError
from edge.door.state import Edge
from edge.protocols.client_protocol import CloseCode, Handshake
from edge.protocols.continuous import ContinuousProtocol
from runtime.bus.connection import Bus
from runtime.sessions.finding import decoded
from schemas.agent import AgentUsed
from schemas.events import (
    AnswerHeard,
    Head,
    RecordingConsented,
    SessionResumed,
    SessionStarted,
    TurnCommitted,
)
from schemas.session_config import SessionConfig
from schemas.subjects import agent_key
from schemas.tools import END_CALL, SEND_DTMF, TRANSFER
from tests.edge_in_process import an_edge

ANN = Caller("ann", "acme")
STRANGER = Caller("conn_1", "default", named=False)


@pytest.fixture
async def edge(bus: Bus) -> AsyncIterator[Edge]:
    async with an_edge(bus, greeting="Welcome.", reconnects_per_minute=50) as edge:
        yield edge


def with_agents(edge: Edge, **texts: str) -> None:
    """Let tenant `acme` have the agents *texts*, applied in their order."""
    for number, (name, text) in enumerate(texts.items(), start=1):
        edge.agents.table.note(agent_key("acme", name), number, text.encode())


def a_seat(edge: Edge, caller: Caller = ANN, session: str = "", key: str = "") -> Seat:
    query = {"session": session, "resume_key": key}
    protocol = ContinuousProtocol(Handshake("conn_1", query=query))
    return Seat(edge.seats, protocol, caller, "203.0.113.1", resume_key=key)


async def opened(edge: Edge, begin: Begin, seat: Seat | None = None, **said: Any) -> Opening:
    """Open the session, and give its seat back."""
    seat = seat or a_seat(edge)
    quota = edge.quotas.log.of(seat.address, stranger=not seat.caller.named)
    try:
        return await edge.services.openings.open(begin, seat, quota, **said)
    finally:
        await seat.give_back()


async def refusal(edge: Edge, begin: Begin, seat: Seat | None = None) -> RefusedError:
    with pytest.raises(RefusedError) as raised:
        await opened(edge, begin, seat)
    return raised.value


async def test_a_new_session_says_who_calls_and_how_it_is_set(edge: Edge) -> None:
    begin = Begin({"language": "de"}, greeting=True)
    opening = await opened(edge, begin, a_seat(edge, key="a key of 16 characters"))
    began = opening.began
    assert isinstance(began, SessionStarted)
    assert (began.tenant, began.user, began.protocol) == ("acme", "ann", "continuous")
    assert (began.edge, began.agent) == ("e", None)
    assert (began.config.language, began.config.response.greeting) == ("de", "Welcome.")
    assert "a key of" not in began.resume_hash
    assert began.resume_hash
    assert opening.unstored == [began]
    assert (opening.history, opening.recording, opening.ignored) == (None, None, [])


async def test_a_resumed_session_goes_on_with_its_history(edge: Edge, bus: Bus) -> None:
    first = await opened(edge, Begin(greeting=True))
    await bus.publish(first.began)
    session = first.began.session
    head: Head = {"tenant": "acme", "session": session, "at_ms": first.began.at_ms}
    said = TurnCommitted(**head, turn=1, text="I am Ann.", confidence=1.0, speculative=False)
    await bus.publish(said)
    await bus.publish(AnswerHeard(**head, turn=1, text="Hello.", complete=True, played_ms=1))
    again = await opened(edge, Begin(greeting=True), a_seat(edge, session=session))
    assert isinstance(again.began, SessionResumed)
    assert again.began.session == session
    assert again.unstored == []
    assert decoded(await bus.session_events(session))[-1] == again.began
    assert again.history is not None
    assert [one.text for one in again.history.messages] == ["I am Ann.", "Hello."]


async def test_other_changes_of_the_client_replace_those_of_the_beginning(edge: Edge) -> None:
    """They are changes of the operator's configuration, and never of whether it is recorded."""
    with_agents(edge, default="tools: [end_call]")
    opening = await opened(edge, Begin({"language": "de"}))
    other = opening.with_changes({"turns.eagerness": "low", RECORDED: True})
    assert (other.language, other.turns.eagerness) == (SessionConfig().language, "low")
    assert not other.record_audio
    assert [tool.name for tool in other.tools] == [END_CALL.name]


async def test_without_a_voice_model_no_voice_is_waited_for_before_a_response_stops(
    edge: Edge,
) -> None:
    (path,) = ANY_SOUND_IS_A_VOICE
    assert path == "interruption.voice_ms"
    assert SessionConfig().interruption.voice_ms > 0
    opening = await opened(edge, Begin({path: 900}))
    assert opening.began.config.interruption.voice_ms == 0


async def test_a_full_log_refuses_the_session_and_takes_no_seat(edge: Edge) -> None:
    seat = a_seat(edge)
    quota = edge.quotas.log.of(seat.address, stranger=False)
    for _ in range(9):
        quota.spend(100_000_000, time.monotonic())
    with pytest.raises(RefusedError) as raised:
        await edge.services.openings.open(Begin(), seat, quota)
    assert raised.value.code == "QUOTA_EXCEEDED"
    assert (raised.value.close, raised.value.ends) == (CloseCode.POLICY_VIOLATION, True)
    assert seat._held is None


async def test_an_unknown_agent_refuses_the_session_and_gives_its_seat_back(edge: Edge) -> None:
    seat = a_seat(edge)
    quota = edge.quotas.log.of(seat.address, stranger=False)
    with pytest.raises(RefusedError) as raised:
        await edge.services.openings.open(Begin(agent="nobody"), seat, quota)
    assert raised.value.code == "AGENT_UNKNOWN"
    assert seat._held is None
    await opened(edge, Begin())  # the user may have one session at once


async def test_a_tenant_whose_file_is_broken_gets_no_call(edge: Edge) -> None:
    edge.agents.table.note("tenants.acme", 1, b"limits: [")
    assert (await refusal(edge, Begin())).code == "TENANT_BROKEN"


# ---------------------------------------------------------------- recording


async def test_a_recorded_session_says_whose_wish_it_was(bus: Bus) -> None:
    async with an_edge(bus) as edge:
        opening = await opened(edge, Begin({RECORDED: True}))
        assert opening.recording is not None
        _, consent = opening.unstored
        assert isinstance(consent, RecordingConsented)
        assert consent.by == "caller"
        assert opening.with_changes({}).record_audio, "once it is begun it is not changed"
    async with an_edge(bus, record_audio="always") as edge:
        _, consent = (await opened(edge, Begin())).unstored
        assert isinstance(consent, RecordingConsented)
        assert consent.by == "operator"


@pytest.mark.parametrize(
    ("set_to", "caller", "why"),
    [
        ({"record_audio": "never"}, ANN, "AURA_RECORD_AUDIO"),
        ({"redact": "numbers"}, ANN, "AURA_REDACT"),
        ({}, STRANGER, "token"),
    ],
)
async def test_a_wish_for_a_recording_that_is_refused_is_told_and_the_call_goes_on(
    bus: Bus, set_to: dict[str, Any], caller: Caller, why: str
) -> None:
    async with an_edge(bus, **set_to) as edge:
        opening = await opened(edge, Begin({RECORDED: True}), a_seat(edge, caller))
    assert (opening.recording, opening.unstored) == (None, [opening.began])
    assert not opening.began.config.record_audio
    (notice,) = opening.ignored
    assert notice.code == "NOT_RECORDED"
    assert why in notice.details


async def test_a_recording_that_the_agent_wants_and_the_operator_does_not_is_no_error_of_the_client(
    bus: Bus,
) -> None:
    async with an_edge(bus, record_audio="never") as edge:
        with_agents(edge, default="record_audio: true")
        opening = await opened(edge, Begin())
    assert (opening.recording, opening.ignored) == (None, [])


async def test_a_tenant_that_has_recorded_its_share_records_no_more(bus: Bus) -> None:
    async with an_edge(bus, recorded_mb_per_tenant=1) as edge:
        edge.quotas.audio.of("acme").spend(3_000_000, time.monotonic())
        opening = await opened(edge, Begin({RECORDED: True}))
        assert opening.recording is None
        assert "AURA_RECORDED_MB_PER_TENANT" in opening.ignored[0].details
        other = await opened(edge, Begin({RECORDED: True}), a_seat(edge, Caller("bob", "other")))
        assert other.recording is not None


async def test_what_a_caller_may_not_ask_for_is_left_out_and_told_in_one_message(
    bus: Bus,
) -> None:
    async with an_edge(bus, caller_voices="amy") as edge:
        with_agents(edge, default="callers: {may_set: [eagerness]}")
        wanted = {"voice.name": "joe", "language": "de", "turns.eagerness": "low"}
        opening = await opened(edge, Begin(wanted))
    config = opening.began.config
    assert (config.voice.name, config.turns.eagerness) == ("", "low")
    assert config.language == SessionConfig().language
    (notice,) = opening.ignored
    assert notice.code == "INVALID_OPTION"
    assert len(notice.details.split("; ")) == 2
    assert "voice" in notice.details
    assert "language" in notice.details


# ---------------------------------------------------------------- tools and transfers


async def test_a_telephone_has_its_tools_and_other_calls_do_not(edge: Edge) -> None:
    with_agents(
        edge, default="tools: [send_dtmf, end_call]\nphones: {desk: '+15550100'}\ntransfer_to: [x]"
    )
    plain = await opened(edge, Begin())
    assert [tool.name for tool in plain.began.config.tools] == [END_CALL.name]
    phone = await opened(edge, Begin(), phone=True)
    names = [tool.name for tool in phone.began.config.tools]
    assert sorted(names) == sorted([END_CALL.name, SEND_DTMF.name, TRANSFER])


async def test_the_number_of_a_telephone_is_in_the_file_of_the_agent_before(edge: Edge) -> None:
    with_agents(edge, host="phones: {desk: '+15550100'}", broken="phones: [")
    telephone = edge.services.openings.telephone
    host, broken = AgentUsed(name="host", revision=1), AgentUsed(name="broken", revision=2)
    assert telephone("desk", ANN, host) == "+15550100"
    assert telephone("kitchen", ANN, host) == ""
    assert telephone("desk", Caller("bob", "other"), host) == "", "agents of other tenants"
    assert telephone("desk", ANN, broken) == ""


async def test_a_transfer_keeps_the_recording_and_what_the_client_asked_for(edge: Edge) -> None:
    with_agents(
        edge,
        default="transfer_to: [cook]\ntools: [end_call]",
        cook="prompt: You cook.\ntools: []\ncallers: {may_set: [language]}",
    )
    opening = await opened(edge, Begin({"language": "de", RECORDED: True}, greeting=True))
    before = opening.began
    assert isinstance(before, SessionStarted)
    assert before.agent is not None
    openings = edge.services.openings
    after = await openings.transferred("cook", ANN, before.agent, before.config)
    assert after.agent is not None
    assert after.agent.name == "cook"
    assert (after.config.response.system_prompt, after.config.language) == ("You cook.", "de")
    assert (after.config.tools, after.config.record_audio) == ((), True)
    assert after.config.interruption.voice_ms == 0, "it is adapted to this edge, too"
    other = after.with_changes({"language": "fr"})
    assert (other.language, other.record_audio) == ("fr", True)
    with pytest.raises(RefusedError, match="no such agent"):
        await openings.transferred("nobody", ANN, before.agent, before.config)


# ---------------------------------------------------------------- prompts that are likely


async def test_the_likely_prompts_are_those_of_the_agents_applied_last(edge: Edge) -> None:
    with_agents(
        edge,
        old="prompt: old",
        broken="prompt: [",
        wants="prompt: 'Hello {{name}}, {{day}}.'\nvariables: {name: {}, day: {default: Monday}}",
        new="prompt: new\nrecord_audio: true\ntools: [end_call, unknown]",
    )
    found = await edge.services.openings.likely(3)
    prompts = [one.response.system_prompt for one in found]
    assert sorted(prompts) == sorted([f"Hello {UNKNOWN}, Monday.", "new"])
    (new,) = [one for one in found if one.response.system_prompt == "new"]
    assert [tool.name for tool in new.tools] == [END_CALL.name]
    assert new.response.greeting == "Welcome."


async def test_a_likely_prompt_is_that_of_a_call_of_the_same_agent(edge: Edge) -> None:
    """Another beginning would be read ahead for nothing."""
    edge.agents.table.note(agent_key("", "host"), 1, b"prompt: Host.\ntools: [end_call]")
    (likely,) = await edge.services.openings.likely(4)
    caller = Caller("ann", DEMO_TENANT)
    call = await opened(edge, Begin(agent="host", greeting=True), a_seat(edge, caller))
    config = call.began.config
    assert (likely.response, likely.tools) == (config.response, config.tools)
