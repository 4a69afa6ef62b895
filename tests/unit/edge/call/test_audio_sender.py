"""Audio on its way to STT: a bounded number of messages waits, and the oldest makes room."""

from __future__ import annotations

from nats.aio.client import Client
from prometheus_client import REGISTRY

from edge.call.audio_sender import MOST_KEPT_MESSAGES, RESENT_AT_ONCE, AudioSender
from edge.core.effects import SendAudio
from runtime.bus.connection import Bus
from runtime.common_share import CommonShare
from schemas.audio import AudioFrame
from tests.unit.edge.call.memory_bus import MemoryBus

PCM = b"\1" * 640


def away() -> Bus:
    """Return a bus that was never connected."""
    return Bus(Client())


def dropped() -> float:
    return REGISTRY.get_sample_value("aura_edge_dropped_bytes_total", {"towards": "bus"}) or 0.0


def message(utterance: int, seq: int, *, end: bool = False) -> SendAudio:
    return SendAudio(utterance, AudioFrame(seq=seq, pcm=PCM, end=end))


async def test_audio_that_waits_for_its_turn_is_bounded_and_the_oldest_is_dropped() -> None:
    sender, before = AudioSender(away(), "s"), dropped()
    for seq in range(MOST_KEPT_MESSAGES + 5):
        sender.put(message(1, seq))
    assert dropped() - before == 5 * len(PCM)


async def test_audio_while_the_bus_is_away_is_dropped_and_kept_to_be_sent_again() -> None:
    sender, before = AudioSender(away(), "s"), dropped()
    sender.put(message(1, 0))
    sender.put(message(2, 0))
    sender.put(None)
    await sender.run()
    assert dropped() - before == 2 * len(PCM)
    assert sender.latest_is(2)
    assert not sender.latest_is(1)  # nobody asks for it again
    await sender.resend()
    assert dropped() - before == 3 * len(PCM)


async def test_the_end_of_an_utterance_that_did_not_go_is_kept_to_be_sent_again() -> None:
    sender, before = AudioSender(away(), "s"), dropped()
    sender.put(message(1, 0))
    sender.put(message(1, 1, end=True))
    sender.put(None)
    await sender.run()
    await sender.resend()
    assert dropped() - before == 4 * len(PCM)


async def test_as_much_is_kept_as_there_is_room_for_and_all_is_given_back() -> None:
    share, before = CommonShare(20 * len(PCM)), dropped()
    sender = AudioSender(away(), "s", share.account("a"))
    for seq in range(30):
        sender.put(message(1, seq))
    sender.put(None)
    await sender.run()
    assert share.used("a") == 10 * len(PCM)  # alone, an address has half
    await sender.resend()
    assert dropped() - before == (30 + 10) * len(PCM)
    sender.forget()
    assert share.free() == share.size
    assert not sender.latest_is(1)


async def test_an_utterance_that_is_over_is_never_sent_again() -> None:
    bus = MemoryBus()
    sender = AudioSender(bus, "s")
    sender.put(message(1, 0))
    sender.put(message(1, 1, end=True))
    sender.put(None)
    await sender.run()
    assert not sender.latest_is(1)
    await sender.resend()
    assert len(bus.sent) == 2


async def test_audio_that_is_sent_again_waits_now_and_then_and_stops_with_its_utterance() -> None:
    waits = 0

    async def wait() -> None:
        nonlocal waits
        waits += 1
        if waits == 3:
            sender.forget()

    before = dropped()
    sender = AudioSender(away(), "s", wait_to_resend=wait)
    for seq in range(5 * RESENT_AT_ONCE):
        sender.put(message(1, seq))
    sender.put(None)
    await sender.run()
    await sender.resend()
    assert waits == 3
    assert dropped() - before == 7 * RESENT_AT_ONCE * len(PCM)
