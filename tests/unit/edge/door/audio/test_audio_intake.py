"""A caller's audio is heard in its order and counted once, until its session or its budget ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from edge.core.messages.client_commands import Audio, ClientCommand
from edge.core.messages.client_events import Trouble
from edge.core.messages.inputs import Played
from edge.door.audio.audio_intake import (
    DROPPED_WORK_S,
    LONGEST_LIVE_S,
    NO_MORE_S,
    AudioIntake,
)
from edge.door.limits.allowance import OverBudgetError
from edge.door.limits.budgets import Budgets
from edge.door.limits.common_bounds import DECODER_BYTES
from edge.door.limits.connection_budget import ConnectionBudget
from edge.door.limits.costs import CHECK_FRAMES, Costs
from edge.door.limits.pace import Pace
from edge.door.limits.work_queue import WorkQueue
from edge.protocols.client_protocol import Handshake
from edge.protocols.continuous import ContinuousProtocol
from runtime.audio.containers import Container
from runtime.audio.wav import Format
from runtime.common_share import CommonShare
from tests.unit.edge.door.connection.told_connection import SoundShell, ToldConnection

FRAME_MS = 20
PCM = Format()
TELEPHONE = Format(8000)


class CountingPace(Pace):
    """A pace in simulated time that notes what is charged, and when others may run."""

    def __init__(self, budget: ConnectionBudget) -> None:
        clock = asyncio.get_running_loop().time
        super().__init__(budget, WorkQueue(clock), str, clock, work_clock=lambda: 0.0)
        self.charged: list[tuple[int, float]] = []
        """Frames, and seconds of audio, at each check."""
        self.waits = 0
        self.when_it_breathes: Callable[[], None] = lambda: None

    def check(self) -> float:
        self.note_charged()
        return super().check()

    def note_charged(self) -> None:
        self.charged.append((self.budget._frames, round(self.budget._audio_s, 3)))

    async def admit(self, *, long: bool = False) -> None:
        self.note_charged()
        await super().admit(long=long)

    async def breathe(self) -> None:
        self.when_it_breathes()
        await super().breathe()

    async def wait_in_queue(self) -> None:
        self.waits += 1
        await super().wait_in_queue()


class SteppedShell(SoundShell):
    """A shell that keeps its caller's long audio, too, which it takes in two steps."""

    def take_audio_stepwise(self, pcm: bytes) -> Iterator[None]:
        yield
        self.sound.append(pcm)
        yield


class Pairs(ContinuousProtocol):
    """A client whose audio is kept back for one message, and which says when it was played."""

    def __init__(self) -> None:
        super().__init__(Handshake("c"))
        self.kept = b""
        self.error: Exception | None = None

    def receive_audio(self, raw: str | bytes, now_ms: int = 0) -> list[ClientCommand] | None:
        del now_ms
        if isinstance(raw, str):
            return None
        ready, self.kept = self.kept, raw
        return [Played(1, 40), Audio(ready, PCM), Played(2, 60)]

    @property
    def keeps_back(self) -> bool:
        return bool(self.kept)

    def flush_audio(self) -> list[ClientCommand]:
        if self.error:
            raise self.error
        ready, self.kept = self.kept, b""
        return [Audio(ready, PCM)]


class Caller(ToldConnection):
    """A caller, the intake of its audio, and what came of it."""

    def __init__(
        self,
        pace: CountingPace,
        protocol: ContinuousProtocol | None = None,
        *,
        decoder_bytes: float = 0,
    ) -> None:
        super().__init__()
        self.pace = pace
        shell = SteppedShell()
        self.sound = shell.sound
        self.memory = CommonShare(decoder_bytes).account("a")
        protocol = protocol or ContinuousProtocol(Handshake("c"))
        self.audio = AudioIntake(shell, protocol, pace, self, self.memory)

    @property
    def heard(self) -> bytes:
        return b"".join(self.sound)

    def says(self, *frames: bytes) -> None:
        for frame in frames:
            assert self.audio.take_if_audio(frame)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def pace(stack: ExitStack, costs: Costs | None = None) -> CountingPace:
    return CountingPace(stack.enter_context(Budgets(costs or Costs()).opened("a", 0.0)))


def frame(number: int, ms: int = FRAME_MS) -> bytes:
    return bytes([number, 0]) * 16 * ms


# ------------------------------------------------------------------ short audio, live


async def test_a_frame_is_heard_before_the_call_returns_and_other_messages_are_left_alone(
    stack: ExitStack,
) -> None:
    caller = Caller(pace(stack))
    caller.says(frame(1), frame(2))
    assert caller.sound == [frame(1), frame(2)]
    assert not caller.audio.take_if_audio('{"type": "ping"}')
    assert (caller.given, caller.told, caller.faults) == ([], [], [])


async def test_what_comes_with_audio_is_obeyed_at_once_in_its_order(stack: ExitStack) -> None:
    caller = Caller(pace(stack), Pairs())
    caller.says(frame(1), frame(2))
    assert caller.given == [Played(1, 40), Played(2, 60)] * 2
    assert caller.sound == [frame(1)]
    assert caller.obeyed == []


async def test_frames_and_their_audio_are_charged_once_and_only_now_and_then(
    stack: ExitStack,
) -> None:
    caller = Caller(pace(stack))
    caller.says(*(frame(1, ms=10) for _ in range(2 * CHECK_FRAMES + 1)))
    assert caller.pace.charged == [(CHECK_FRAMES, 0.5)] * 2
    caller.says(*(frame(1, ms=250) for _ in range(4)))
    assert caller.pace.charged[2:] == [(5, 1.01)], "a second of audio, or fifty frames"


async def test_a_caller_over_its_budget_is_cut_off_with_the_reason(stack: ExitStack) -> None:
    caller = Caller(pace(stack, Costs(audio_at_once_s=1)))
    caller.says(*(frame(1, ms=1000) for _ in range(99)))
    assert caller.noted[0] == ("cut off: sound faster than it is spoken: more than 1 s at once")
    assert caller.faults == []


# ------------------------------------------------------------------ audio that is kept back


async def test_audio_kept_back_is_heard_when_no_more_comes_and_costs_no_frame(
    stack: ExitStack,
) -> None:
    caller = Caller(pace(stack), Pairs())
    caller.says(frame(1, ms=600))
    await asyncio.sleep(NO_MORE_S - 0.1)
    caller.says(frame(2, ms=600))
    await asyncio.sleep(NO_MORE_S - 0.1)
    assert caller.sound == [frame(1, ms=600)], "more came, so the wait began anew"
    await asyncio.sleep(0.2)
    assert caller.sound == [frame(1, ms=600), frame(2, ms=600)]
    assert caller.pace.charged == [(2, 1.2)]


async def test_a_fault_in_audio_kept_back_fails_the_connection_and_not_the_loop(
    stack: ExitStack,
) -> None:
    protocol = Pairs()
    caller = Caller(pace(stack), protocol)
    caller.says(frame(1))
    protocol.error = ZeroDivisionError("a fault of ours")
    await asyncio.sleep(NO_MORE_S + 0.1)
    assert caller.faults == [protocol.error]
    assert caller.noted == []


# ------------------------------------------------------------------ audio of any length


async def test_long_audio_is_heard_in_live_pieces_and_charged_once_before_the_first(
    stack: ExitStack,
) -> None:
    caller, seconds = Caller(pace(stack)), 5
    await caller.audio.take(Audio(frame(1, ms=seconds * 1000), PCM))
    assert caller.heard == frame(1, ms=seconds * 1000)
    assert [len(piece) / 32_000 for piece in caller.sound] == [LONGEST_LIVE_S, LONGEST_LIVE_S, 1]
    assert caller.pace.charged[0] == (0, seconds)
    assert caller.pace.charged[1:] == [(0, 0.0)] * 3, "others may go first after each piece"


async def test_short_audio_that_was_queued_is_charged_by_its_length_alone(stack: ExitStack) -> None:
    caller = Caller(pace(stack))
    await caller.audio.take(Audio(frame(1, ms=250), PCM))
    caller.pace.note_charged()
    assert (caller.sound, caller.pace.charged) == ([frame(1, ms=250)], [(0, 0.25)])


async def test_audio_longer_than_may_come_at_once_is_refused_before_it_is_heard(
    stack: ExitStack,
) -> None:
    caller = Caller(pace(stack, Costs(audio_at_once_s=1)))
    with pytest.raises(OverBudgetError, match="sound faster than it is spoken"):
        await caller.audio.take(Audio(frame(1, ms=70_000), PCM))
    assert caller.sound == []


async def test_only_the_first_audio_of_a_rate_waits_for_its_resampler(stack: ExitStack) -> None:
    caller = Caller(pace(stack))
    for form, waits in ((PCM, 0), (TELEPHONE, 1), (TELEPHONE, 1), (PCM, 1), (TELEPHONE, 2)):
        await caller.audio.take(Audio(frame(1), form))
        assert caller.pace.waits == waits


# ------------------------------------------------------------------ the end of the session


async def test_after_the_end_of_its_session_no_audio_is_taken(stack: ExitStack) -> None:
    protocol = Pairs()
    caller = Caller(pace(stack), protocol, decoder_bytes=9 * DECODER_BYTES)
    caller.says(frame(1))
    caller.audio.close()
    protocol.error = AssertionError("nobody hears what was kept back")
    assert not caller.audio.take_if_audio(frame(2))
    caller.audio.take_now(Audio(frame(3), PCM))
    caller.audio.take_now(Audio(frame(3), Container.WEBM, begins=True))
    assert caller.memory.amount == 0
    await caller.audio.take(Audio(frame(4, ms=3000), PCM))
    await asyncio.sleep(2 * NO_MORE_S)
    assert (caller.sound, caller.faults, caller.told) == ([], [], [])


async def test_a_session_that_ends_while_long_audio_is_converted_hears_no_more_of_it(
    stack: ExitStack,
) -> None:
    caller = Caller(pace(stack))

    def end_after_the_first_piece() -> None:
        if caller.sound:
            caller.pace.when_it_breathes = lambda: None
            caller.audio.close()

    caller.pace.when_it_breathes = end_after_the_first_piece
    await caller.audio.take(Audio(frame(1, ms=9000), PCM))
    assert [len(piece) / 32_000 for piece in caller.sound] == [LONGEST_LIVE_S]
    assert caller.faults == []


# ------------------------------------------------------------------ files


async def test_a_file_without_memory_is_told_of_once_and_each_piece_costs_work(
    stack: ExitStack,
) -> None:
    caller = Caller(pace(stack), decoder_bytes=DECODER_BYTES)
    for number in range(5):
        caller.audio.take_now(Audio(bytes(1000), Container.WEBM, begins=number == 0))
    (trouble,) = caller.told
    assert isinstance(trouble, Trouble)
    assert trouble.stage == "audio"
    assert caller.pace.budget._work_s == pytest.approx(5 * DROPPED_WORK_S)
    assert caller.memory.amount == 0
    caller.says(frame(1))
    assert caller.sound == [frame(1)], "plain audio is heard all the same"
