"""Messages on their way to a client that reads slowly, or has gone."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

from edge.core.messages.client_events import ClientEvent, Interrupted, SessionOpened, Speech
from edge.core.messages.inputs import Truncated
from edge.door.connection.client_sender import ClientSender
from edge.door.limits.budgets import Budgets
from edge.door.limits.common_bounds import MOST_CLIENT_BYTES, SendBuffer
from edge.door.limits.costs import Costs
from edge.door.limits.pace import Pace
from edge.door.limits.work_queue import WorkQueue
from edge.door.line.transport import LineTransport
from edge.protocols.client_protocol import ClientProtocol, Handshake
from edge.protocols.continuous import ContinuousProtocol
from edge.protocols.conversational import ConversationalProtocol
from edge.protocols.realtime import RealtimeProtocol
from edge.protocols.twilio import TwilioProtocol
from runtime.common_share import CommonShare

CHUNKS = Handshake("c", {"audio": "chunks"})
MESSAGE = {"type": "x", "text": "." * 50_000}


HALF_A_SECOND = bytes(16_000)


class Wire:
    """A client that takes nothing until it is told how it ends."""

    def __init__(self) -> None:
        self.ends: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.truncated: list[Truncated] = []
        self.sent = 0
        self.texts: list[str] = []
        self.played: list[Speech | Interrupted] = []

    @property
    def voice(self) -> Wire:
        return self

    def tell(self, event: Speech | Interrupted) -> None:
        self.played.append(event)

    async def send(self, text: str) -> None:
        await asyncio.shield(self.ends)
        self.sent += len(text)
        self.texts.append(text)

    async def close(self) -> None: ...


@contextmanager
def sending(
    share: CommonShare, kind: type[ClientProtocol] = ContinuousProtocol
) -> Iterator[tuple[Wire, ClientSender, list[str]]]:
    wire, left = Wire(), list[str]()
    with Budgets(Costs()).opened("a", time.monotonic()) as budget:
        line = LineTransport(Pace(budget, WorkQueue(), str))
        line.attach(wire)
        protocol, buffer = kind(CHUNKS), SendBuffer(share.account("a"))
        told = wire.truncated.append
        yield (
            wire,
            ClientSender(line, protocol, buffer, lambda: left.append("too slow"), told),
            left,
        )


async def test_a_slow_client_must_leave_where_all_have_no_room_and_gives_all_back() -> None:
    share = CommonShare(1_000_000)
    with sending(share) as (wire, sender, left):
        task = asyncio.create_task(sender.run())
        for _ in range(30):
            sender.send([MESSAGE])
        assert left
        assert 450_000 < share.used("a") < 600_000  # half of it
        wire.ends.set_exception(ConnectionResetError())
        await task
        assert share.free_amount() == share.size
        sender.send([MESSAGE])
        assert share.free_amount() == share.size


async def test_text_of_any_script_counts_its_bytes() -> None:
    share = CommonShare(1e9)
    with sending(share) as (wire, sender, _):
        sender.send([{"type": "x", "text": "नमस्ते" * 10_000}])
        assert share.used("a") > 150_000
        wire.ends.set_result(None)
        sender.close()
        await sender.run()
        assert share.used("a") == 0


async def test_a_client_that_reads_slowly_is_told_the_end_of_a_response() -> None:
    with sending(CommonShare(1e9)) as (wire, sender, left):
        sender.send([MESSAGE] * (MOST_CLIENT_BYTES // 50_000 + 1))
        for text, ends in (("Hello", False), ("there", True)):
            sender.tell(Speech(1, text, bytes(6400), ends), chunks=True)
        wire.ends.set_result(None)
        sender.close()
        await sender.run()
        (told,) = [json.loads(text) for text in wire.texts if "ai_audio_chunk" in text]
        assert (told["text"], told["audio"], told["is_complete"]) == ("there", "", True)
        assert wire.played == [Speech(1, "there", b"", ends=True)]
        assert not left


async def test_what_was_sent_waits_no_more() -> None:
    share = CommonShare(1_000_000)
    with sending(share) as (wire, sender, left):
        task = asyncio.create_task(sender.run())
        wire.ends.set_result(None)
        for _ in range(30):
            sender.send([MESSAGE])
            await asyncio.sleep(0)
        sender.close()
        await task
        assert not left
        assert wire.sent > 30 * 50_000
        assert share.free_amount() == share.size


def kinds(texts: list[str]) -> list[str]:
    """Return the kinds of messages; a message whose audio is left out is named so."""
    found = []
    for text in texts:
        message = json.loads(text)
        audio = message.get("audio", message.get("audio_data", "some"))
        kind = message.get("type", message.get("event"))
        found.append(kind if len(audio) > 100 or audio == "some" else f"{kind} without audio")
    return found


async def interrupted(
    kind: type[ClientProtocol], event: Interrupted, *before: ClientEvent
) -> tuple[list[str], list[Truncated]]:
    """Interrupt four pieces of half a second while the first message is on its way.

    Return the kinds of all messages, and what the call is told.
    """
    share = CommonShare(1e9)
    with sending(share, kind) as (wire, sender, _):
        task = asyncio.create_task(sender.run())
        for one in before:
            sender.tell(one)
        for word in ("One", " two", " three", " four"):
            sender.tell(Speech(1, word, HALF_A_SECOND, ends=word == " four"), chunks=True)
            for _ in range(3):  # the sender takes the first message
                await asyncio.sleep(0)
        sender.tell(event)
        wire.ends.set_result(None)
        sender.close()
        await task
        assert share.free_amount() == share.size
        return kinds(wire.texts), wire.truncated


async def test_an_interruption_does_not_wait_behind_the_audio_that_it_makes_stale() -> None:
    told, truncated = await interrupted(ContinuousProtocol, Interrupted(1, "One two", 900))
    stale = ["ai_audio_chunk without audio"] * 3
    assert told == ["ai_audio_chunk", *stale, "ai_interrupted"]
    assert truncated == [Truncated(1, 500)]  # only the first piece was sent


async def test_what_the_call_supposes_to_be_heard_stands_where_as_much_was_sent() -> None:
    told, truncated = await interrupted(ContinuousProtocol, Interrupted(1, "One", 300))
    assert told[-2:] == ["ai_audio_chunk without audio", "ai_interrupted"]
    assert truncated == []


async def test_the_audio_of_another_response_is_not_stale() -> None:
    told, truncated = await interrupted(ContinuousProtocol, Interrupted(2, "", 0))
    assert told == ["ai_audio_chunk"] * 4 + ["ai_interrupted"]
    assert truncated == []


async def test_each_protocol_keeps_its_other_messages_in_their_order() -> None:
    event = Interrupted(1, "One two", 900)
    told, _ = await interrupted(ConversationalProtocol, event)
    assert told == ["ai_response", *["ai_response without audio"] * 3, "ai_interrupted"]
    told, _ = await interrupted(TwilioProtocol, event)
    assert told == ["media", "mark", "mark", "mark", "mark", "clear"]
    told, truncated = await interrupted(RealtimeProtocol, event, SessionOpened("s_1"))
    words = ["response.output_audio_transcript.delta"]
    begins = ["session.created", "response.created", "response.output_item.added"]
    begins += ["conversation.item.added", "response.content_part.added"]
    assert told[:-6] == [*begins, *words * 4]  # the first message is on its way, and no audio
    assert told[-6:][0] == "response.output_audio.done"
    assert told[-1] == "response.done"
    assert truncated == [Truncated(1, 0)]
