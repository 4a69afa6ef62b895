"""Messages of the stages become inputs of a call; one that is none is left out."""

from __future__ import annotations

from nats.aio.client import Client
from structlog.testing import capture_logs

from edge.call.stage_listener import StageListener
from runtime.bus.connection import Bus
from schemas import codec
from schemas import events as ev

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
