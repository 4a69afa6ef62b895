"""Messages of the stages become inputs of a call; one that is none is left out."""

from __future__ import annotations

import asyncio

from nats.aio.client import Client
from structlog.testing import capture_logs

from edge.call.stage_listener import StageListener
from edge.core.messages.inputs import AnyInput, ChunkSpoken
from runtime.bus.connection import Bus
from runtime.bus.reader import Stored
from schemas import codec, subjects
from schemas import events as ev
from schemas.audio import SpeechChunk
from tests.unit.edge.call.memory_bus import MemoryBus

FINAL = ev.TranscriptFinal(
    tenant="t",
    session="s",
    at_ms=1,
    utterance=1,
    text="My number is secret.",
    confidence=1.0,
    audio_ms=500,
    took_ms=1.0,
    model="m",
)


class Heard:
    def __init__(self) -> None:
        self.events: list[tuple[ev.AnyEvent, int]] = []
        self._listener = StageListener(Bus(Client()), ("t", "s"))

    def hears(self, data: bytes) -> None:
        self._listener.event(
            data, "aura.live.t.s.heard", 7, lambda *heard: self.events.append(heard)
        )


async def test_an_event_is_handed_on_with_its_place_in_the_log() -> None:
    heard = Heard()
    heard.hears(codec.encode(FINAL))
    assert heard.events == [(FINAL, 7)]


async def test_what_is_no_event_is_left_out_and_logged_without_its_words() -> None:
    heard = Heard()
    broken = codec.encode(FINAL).replace(b"utterance", b"utterancX")
    with capture_logs() as logs:
        heard.hears(broken)
    assert heard.events == []
    assert [one["event"] for one in logs] == ["event_malformed"]
    assert "secret" not in str(logs)


async def test_audio_of_a_turn_that_was_lost_is_read_again_once() -> None:
    bus, given = MemoryBus(), list[AnyInput]()
    listener = StageListener(bus, ("t", "s"))

    def stored(turn: int, index: int, seq: int) -> Stored:
        chunk = SpeechChunk(turn=turn, index=index, chunk=0, pcm=b"12", last=True)
        return Stored(subjects.speech("s", turn), seq, codec.encode(chunk), {}, "")

    bus.log = [stored(1, 0, 1), stored(2, 0, 2), stored(1, 1, 3)]
    await asyncio.gather(*(listener.resync_speech(1, given.append) for _ in range(10)))
    bus.log.append(stored(1, 2, 4))
    await listener.resync_speech(1, given.append)
    await listener.resync_speech(2, given.append)
    spoken = [(one.turn, one.index) for one in given if isinstance(one, ChunkSpoken)]
    assert spoken == [(1, 0), (1, 1), (1, 2), (2, 0)]
