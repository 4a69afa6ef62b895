"""Compressed audio on its way in: what waits to be decoded, and what was, has a bound."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

import pytest

from edge.core.messages.client_commands import Audio
from edge.core.messages.client_events import Trouble
from edge.door.audio.audio_intake import DECODED_PIECES, AudioIntake
from edge.door.limits.budgets import Budgets
from edge.door.limits.common_bounds import DECODED_BYTES_OF_STRANGERS, DECODER_BYTES
from edge.door.limits.connection_budget import ConnectionBudget
from edge.door.limits.costs import Costs
from edge.door.limits.pace import Pace
from edge.door.limits.work_queue import WorkQueue
from edge.protocols.client_protocol import Handshake
from edge.protocols.continuous import ContinuousProtocol
from runtime.audio import media
from runtime.audio.containers import Container
from runtime.common_share import CommonShare
from tests.recorder import KINDS, NEEDS, recorded
from tests.unit.edge.door.connection.told_connection import SoundShell, ToldConnection

pytestmark = pytest.mark.skipif(not media.available(), reason=NEEDS)
PIECE = 60_000


class Queued(Pace):
    """A pace at which nobody's turn comes by itself."""

    def __init__(self, budget: ConnectionBudget) -> None:
        super().__init__(budget, WorkQueue(), str)
        self.waiting: list[Callable[[], None]] = []

    def later(self, wait_s: float, piece: Callable[[], None]) -> None:
        del wait_s
        self.waiting.append(piece)


class Caller(ToldConnection):
    """The intake of one caller, and what came of it."""

    def __init__(self, pace: Pace, share: CommonShare, address: str) -> None:
        super().__init__()
        self.room = share.account(address)
        self._shell = SoundShell()
        protocol = ContinuousProtocol(Handshake("c"))
        self.files = AudioIntake(self._shell, protocol, pace, self, self.room)

    @property
    def heard_s(self) -> float:
        return sum(map(len, self._shell.sound)) / 32_000

    def fail(self, error: Exception) -> None:
        raise error

    def sends(self, data: bytes, form: Container, *, begins: bool = False) -> None:
        self.files.take_now(Audio(data, form, begins=begins))


async def test_a_file_that_is_never_whole_takes_what_is_left_and_no_more() -> None:
    share, budgets = CommonShare(DECODED_BYTES_OF_STRANGERS), Budgets(Costs())
    endless = b"\0\0\0\x18ftypisom" + bytes(12) + b"\x7f\xff\xff\xffmdat"
    callers: list[Caller] = []
    try:
        for number in range(30):
            with budgets.opened(f"a{number}", 0.0) as budget:
                caller = Caller(Pace(budget, WorkQueue(), str), share, f"a{number}")
            callers.append(caller)
            caller.sends(endless, Container.MP4, begins=True)
            for _ in range(40):
                caller.sends(bytes(PIECE), Container.MP4)
        waits = sum(one.files._audio_in.waiting_bytes for one in callers)
        assert waits < DECODED_BYTES_OF_STRANGERS
        assert sum(one.room.amount for one in callers) <= DECODED_BYTES_OF_STRANGERS
        last = callers[-1]
        (trouble,) = last.told  # once for each file, not for each piece
        assert isinstance(trouble, Trouble)
        assert "too much compressed audio" in trouble.reason
        assert last.files._pace.budget._work_s > 0.1  # who goes on sending is slowed
    finally:
        for caller in callers:
            caller.files.close()
    assert sum(one.room.amount for one in callers) == 0
    late = Caller(Pace(budget, WorkQueue(), str), share, "a99")
    late.sends(endless, Container.MP4, begins=True)
    assert late.room.amount == len(endless) + DECODER_BYTES
    late.files.close()


async def test_a_small_file_of_much_sound_is_decoded_no_faster_than_it_is_taken() -> None:
    with Budgets(Costs()).opened("a", 0.0) as budget:
        pace = Queued(budget)
        waiting, caller = pace.waiting, Caller(pace, CommonShare(1e9), "a")
        silence = recorded(bytes(200 * 32_000), KINDS["flac"])
        assert len(silence) < 300_000
        caller.sends(silence, Container.FLAC, begins=True)
        caller.files._audio_in._decoder.finish()  # type: ignore[union-attr]  # nothing follows
        until_s = time.monotonic() + 20
        while len(waiting) < DECODED_PIECES and time.monotonic() < until_s:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        assert len(waiting) == DECODED_PIECES
        while caller.heard_s < 199 and time.monotonic() < until_s:
            while waiting:
                waiting.pop(0)()
            await asyncio.sleep(0.001)
        assert 199 < caller.heard_s < 201
        assert not caller.noted  # it is not cut off for a debt while nothing more comes
        caller.files.close()


async def test_a_decoder_that_waits_for_its_turn_ends_with_the_session() -> None:
    before = set(threading.enumerate())
    with Budgets(Costs()).opened("a", 0.0) as budget:
        pace = Queued(budget)
        waiting, caller = pace.waiting, Caller(pace, CommonShare(1e9), "a")
        silence = recorded(bytes(60 * 32_000), KINDS["flac"])
        caller.sends(silence, Container.FLAC, begins=True)
        until_s = time.monotonic() + 20
        while len(waiting) < DECODED_PIECES and time.monotonic() < until_s:
            await asyncio.sleep(0.01)
        (decoder,) = set(threading.enumerate()) - before
        caller.files.close()
        await asyncio.to_thread(decoder.join, 20)
        assert not decoder.is_alive()


async def test_a_decoder_that_waits_for_its_turn_keeps_nobody_from_sending() -> None:
    with Budgets(Costs()).opened("a", 0.0) as budget:
        pace = Queued(budget)
        waiting, caller = pace.waiting, Caller(pace, CommonShare(1e9), "a")
        silence = recorded(bytes(int(5.5 * 32_000)), KINDS["a browser's webm"])
        caller.sends(silence, Container.WEBM, begins=True)
        until_s = time.monotonic() + 20
        while len(waiting) < DECODED_PIECES and time.monotonic() < until_s:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)  # all was read, and the rest of it is to be handed over
        assert caller.files._audio_in.waiting_bytes == 0
        sending = threading.Thread(
            target=caller.sends, args=(b"\0" * 100, Container.WEBM), daemon=True
        )
        sending.start()
        await asyncio.to_thread(sending.join, 10)
        hangs = sending.is_alive()
        while waiting:
            waiting.pop(0)()
        caller.files.close()
        assert not hangs
