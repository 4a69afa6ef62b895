"""Audio on its way to STT: a bounded number of messages waits, and the oldest makes room."""

from __future__ import annotations

import asyncio

import msgspec
from nats.aio.client import Client
from prometheus_client import REGISTRY

from edge.call.audio_sender import MOST_KEPT_MESSAGES, RESENT_AT_ONCE, AudioSender
from edge.core.messages.effects import SendAudio
from runtime.bus.connection import Bus
from runtime.common_share import CommonShare
from runtime.tasks import scoped_task
from schemas.audio import AudioFrame
from tests.unit.edge.call.memory_bus import MemoryBus

PCM = b"\1" * 640


def away() -> Bus:
    """Return a bus that was never connected."""
    return Bus(Client())


def nothing(utterance: int) -> bool:
    """Return that no words of ended utterances are awaited."""
    del utterance
    return False


def dropped() -> float:
    return REGISTRY.get_sample_value("aura_edge_dropped_bytes_total", {"towards": "bus"}) or 0.0


def message(utterance: int, seq: int, *, end: bool = False) -> SendAudio:
    return SendAudio(utterance, AudioFrame(seq=seq, pcm=PCM, end=end))


async def test_audio_that_waits_for_its_turn_is_bounded_and_the_oldest_is_dropped() -> None:
    sender, before = AudioSender(away(), "s", nothing), dropped()
    for seq in range(MOST_KEPT_MESSAGES + 5):
        sender.put(message(1, seq))
    assert dropped() - before == 5 * len(PCM)


async def test_audio_while_the_bus_is_away_is_dropped_once_and_kept_to_be_sent_again() -> None:
    sender, before = AudioSender(away(), "s", nothing), dropped()
    sender.put(message(1, 0))
    sender.put(message(2, 0))
    sender.put(None)
    await sender.run()
    assert dropped() - before == 2 * len(PCM)
    assert sender.is_kept(2)
    assert not sender.is_kept(1)  # nobody asks for it again
    await sender.resend()
    assert dropped() - before == 2 * len(PCM)


class LossyBus(MemoryBus):
    """A bus that is away now and then."""

    up = True
    tries = 0

    async def send(self, subject: str, message: msgspec.Struct) -> bool:
        self.tries += 1
        return self.up and await super().send(subject, message)

    def utterances(self) -> list[tuple[str, int]]:
        """Return the utterance and the number of each message."""
        return [
            (subject.rpartition(".")[2], message.seq)
            for subject, message in self.sent
            if isinstance(message, AudioFrame)
        ]


async def test_audio_that_was_handed_in_is_kept_until_its_words_have_come() -> None:
    """Messages were lost before the end, and the end went: nothing acknowledges it."""
    bus, awaited = LossyBus(), {1, 2}
    sender = AudioSender(bus, "s", awaited.__contains__)
    async with scoped_task(sender.run()):
        for utterance, seq, up in ((1, 0, True), (1, 1, False), (1, 2, True), (2, 0, True)):
            bus.up = up
            sender.put(message(utterance, seq, end=seq == 2))
            await asyncio.sleep(0)
        assert bus.utterances() == [("1", 0), ("1", 2), ("2", 0)]
        await sender.resend()
        assert bus.utterances()[3:] == [("1", 0), ("1", 1), ("1", 2), ("2", 0)]
        awaited.remove(1)  # its words have come
        assert not sender.is_kept(1)
        sender.forget_known()
        await sender.resend()
        assert bus.utterances()[7:] == [("2", 0)]


async def sent_before(sender: AudioSender, *audio: SendAudio) -> None:
    """Send *audio* for the first time, to the end."""
    for one in (*audio, None):
        sender.put(one)
    await sender.run()


async def passes(sender: AudioSender, bus: LossyBus, count: int) -> list[int]:
    """Call `resend` so many times; return the messages that each has sent."""
    sent = []
    for _ in range(count):
        before = len(bus.sent)
        await sender.resend()
        sent.append(len(bus.sent) - before)
    return sent


async def test_the_longer_the_words_are_late_the_more_rarely_their_audio_is_sent_again() -> None:
    bus = LossyBus()
    sender = AudioSender(bus, "s", lambda _: True)
    await sent_before(sender, message(1, 0), message(1, 1, end=True))
    assert await passes(sender, bus, 9) == [2, 2, 0, 2, 0, 0, 0, 2, 0]
    await sent_before(sender, message(2, 0))  # each utterance has its own count
    assert await passes(sender, bus, 3) == [1, 1, 0]


async def test_after_a_loss_or_its_end_an_utterance_is_sent_again_as_at_first() -> None:
    bus = LossyBus()
    sender = AudioSender(bus, "s", lambda _: True)
    await sent_before(sender, message(1, 0))
    assert await passes(sender, bus, 3) == [1, 1, 0]
    sender.reset_resends()
    assert await passes(sender, bus, 3) == [1, 1, 0]
    await sent_before(sender, message(1, 1, end=True))
    assert await passes(sender, bus, 3) == [2, 2, 0]


async def test_while_the_bus_is_away_nothing_is_sent_again() -> None:
    bus = LossyBus()
    sender = AudioSender(bus, "s", lambda _: True)
    await sent_before(sender, *(message(1, seq) for seq in range(50)))
    before, bus.up, bus.tries = dropped(), False, 0
    assert await passes(sender, bus, 8) == [0] * 8
    assert bus.tries == 4, "one message finds out"
    assert dropped() == before


async def test_as_much_is_kept_as_there_is_room_for_and_all_is_given_back() -> None:
    share, bus = CommonShare(20 * len(PCM)), LossyBus()
    sender = AudioSender(bus, "s", nothing, share.account("a"))
    await sent_before(sender, *(message(1, seq) for seq in range(30)))
    assert share.used("a") == 10 * len(PCM)  # alone, an address has half
    assert await passes(sender, bus, 1) == [10]
    sender.forget()
    assert share.free_amount() == share.size
    assert not sender.is_kept(1)


async def test_an_utterance_whose_words_were_known_before_its_end_is_never_sent_again() -> None:
    bus, share = MemoryBus(), CommonShare(20 * len(PCM))
    sender = AudioSender(bus, "s", nothing, share.account("a"))
    sender.put(message(1, 0))
    sender.put(message(1, 1, end=True))
    sender.put(None)
    await sender.run()
    assert not sender.is_kept(1)
    await sender.resend()
    assert len(bus.sent) == 2
    assert share.free_amount() == share.size


async def test_audio_that_is_sent_again_waits_now_and_then_and_stops_with_its_utterance() -> None:
    waits = 0

    async def wait() -> None:
        nonlocal waits
        waits += 1
        if waits == 3:
            sender.forget()

    bus = LossyBus()
    sender = AudioSender(bus, "s", nothing, wait_to_resend=wait)
    await sent_before(sender, *(message(1, seq) for seq in range(5 * RESENT_AT_ONCE)))
    assert await passes(sender, bus, 1) == [2 * RESENT_AT_ONCE + 1]
    assert waits == 3
