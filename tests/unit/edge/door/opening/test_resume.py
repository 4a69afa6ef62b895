"""Who may go on with a session, and until when."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from nats.aio.client import Client

from edge.door.callers.auth import Caller
from edge.door.limits.rate_limits import AddressRate
from edge.door.limits.session_keys import Limits
from edge.door.limits.session_limits import SessionLimits
from edge.door.limits.session_rates import SessionRates
from edge.door.opening.resume import RESUME_WINDOW_MS, hash_of, resumable
from edge.door.opening.resumed_log import EVENTS_AT_ONCE
from edge.door.opening.seat import Seat, Seats
from edge.protocols.client_protocol import Handshake
from edge.protocols.continuous import ContinuousProtocol
from runtime.bus.connection import Bus
from runtime.common_share import CommonShare
from runtime.sessions.listing import FORSAKEN_MS
from schemas.events import (
    AnswerHeard,
    AnyEvent,
    Event,
    SessionEnded,
    SessionResumed,
    SessionStarted,
    ToolReturned,
    TranscriptFinal,
    TurnCommitted,
    WebhookRequested,
)
from schemas.session_config import SessionConfig
from tests.unit.runtime.stored_log import StoredLog

NOW = 10_000_000


KEY = "a key that nobody guesses"


def session(
    *, tenant: str = "t", user: str = "ada", left: Any = "", ago_ms: int = 0, key: str = ""
) -> Any:
    whose: dict[str, Any] = {"tenant": tenant, "session": "s", "at_ms": NOW - ago_ms}
    events: list[AnyEvent] = [
        SessionStarted(
            **whose,
            user=user,
            protocol="x",
            edge="e",
            config=SessionConfig(),
            resume_hash=hash_of(key),
        ),
        TurnCommitted(**whose, turn=1, text="Hi?", confidence=1.0, speculative=False),
        AnswerHeard(**whose, turn=1, text="Hello.", complete=True, played_ms=1),
    ]
    if left:
        events.append(SessionEnded(**whose, reason=left, turns=1))
    return events


def asked(events: Any, tenant: str = "t", user: str = "ada", key: str = "") -> Any:
    return resumable(events, tenant=tenant, user=user, key=key, now_ms=NOW)


@pytest.mark.parametrize("left", ["caller_left", "drained", "failed"])
def test_who_was_cut_off_goes_on_where_they_were(left: str) -> None:
    history = asked(session(left=left, ago_ms=RESUME_WINDOW_MS))
    assert [message.text for message in history.messages] == ["Hi?", "Hello."]


def test_a_dead_edge_leaves_no_goodbye() -> None:
    assert asked(session(ago_ms=FORSAKEN_MS))
    assert asked(session(ago_ms=FORSAKEN_MS + 1)) is None


def test_who_hung_up_or_came_too_late_begins_anew() -> None:
    assert asked(session(left="end_call")) is None
    assert asked(session(left="caller_left", ago_ms=RESUME_WINDOW_MS + 1)) is None
    assert asked([]) is None


def late_events(ago_ms: int) -> list[AnyEvent]:
    whose: dict[str, Any] = {"tenant": "t", "session": "s", "at_ms": NOW - ago_ms}
    told: dict[str, Any] = {"confidence": 0.9, "audio_ms": 1, "took_ms": 1.0, "model": "m"}
    return [
        WebhookRequested(**whose, number=0, url="https://x", moment="call.ended", data={}),
        TranscriptFinal(**whose, utterance=1, text="Bye.", **told),
        ToolReturned(**whose, turn=1, step=0, call=0, name="sum", result="2", took_ms=1.0),
    ]


@pytest.mark.parametrize("late", late_events(0))
def test_what_comes_after_the_end_prolongs_nothing(late: AnyEvent) -> None:
    assert asked([*session(left="end_call"), late]) is None
    assert asked([*session(left="caller_left", ago_ms=RESUME_WINDOW_MS + 1), late]) is None
    assert asked([*session(left="caller_left", ago_ms=RESUME_WINDOW_MS), late])


def test_a_session_that_was_resumed_after_its_end_is_open_again() -> None:
    resumed = SessionResumed(
        tenant="t", session="s", at_ms=NOW - FORSAKEN_MS, edge="e", config=SessionConfig()
    )
    assert asked([*session(left="caller_left", ago_ms=FORSAKEN_MS + 1), resumed])


def test_a_late_end_of_the_connection_before_ends_no_session_that_was_resumed() -> None:
    began, *told = session(ago_ms=FORSAKEN_MS)
    resumed = SessionResumed(
        tenant="t", session="s", at_ms=NOW - 1000, edge="e", config=SessionConfig()
    )
    late = SessionEnded(
        tenant="t",
        session="s",
        at_ms=NOW - RESUME_WINDOW_MS - 1,
        reason="end_call",
        turns=1,
        connected_at_ms=began.at_ms,
    )
    assert asked([began, *told, resumed, late])
    assert asked([began, *told, late]) is None


def test_nobody_goes_on_with_somebody_elses_session() -> None:
    assert asked(session(), user="eve") is None
    assert asked(session(), tenant="other") is None
    assert asked(session(tenant="demo", user="demo-1"), tenant="demo", user="demo-2")


@pytest.mark.parametrize("tenant", ["t", "demo"])
def test_a_session_with_a_key_is_gone_on_with_by_that_key_alone(tenant: str) -> None:
    begun = session(tenant=tenant, key=KEY)
    assert KEY not in str(begun)
    assert asked(begun, tenant=tenant, key=KEY)
    assert asked(begun, tenant=tenant) is None
    assert asked(begun, tenant=tenant, key=KEY + "?") is None
    assert asked(begun, tenant=tenant, key="\ud800" * 16) is None


def test_a_key_for_a_session_that_has_none_opens_nothing_more() -> None:
    assert asked(session(), key=KEY)
    assert asked(session(), user="eve", key=KEY) is None


class ReadLog(StoredLog):
    """A log of sessions that nobody may resume."""

    async def publish(self, event: Event, data: bytes) -> int:
        raise AssertionError(event, data)


async def test_a_session_however_long_is_gone_on_with_beside_others() -> None:
    told = session() * 400
    rounds = 0

    async def count() -> None:
        nonlocal rounds
        while True:
            rounds += 1
            await asyncio.sleep(0)

    seats = Seats(
        bus=ReadLog(*enumerate(told, 1)),
        drains=lambda: False,
        full_stage=lambda *_: "",
        retry_after_s=1,
        limits=SessionLimits(Bus(Client()), Limits(9, 9, 9, 9)),  # away: it counts nobody
        rates=SessionRates(AddressRate(9), CommonShare(9)),
    )
    protocol = ContinuousProtocol(Handshake("c", {"session": "s"}))
    seat = Seat(seats, protocol, Caller("somebody else", "t"), "a")
    others = asyncio.create_task(count())
    name, resumed = await seat.take()
    assert name != "s"
    assert resumed is None
    others.cancel()
    assert rounds >= len(told) / EVENTS_AT_ONCE
