"""What is done next with a client's data follows from them, its budget and the memory alone."""

from __future__ import annotations

import pytest

from edge.door.limits.message_memory import LONG_BYTES, RESERVATION_RETRY_S, MessageMemory
from edge.door.websocket.unparsed_frames import (
    DROPS,
    MOST_DROPPED_BYTES,
    MOST_FRAMES,
    MOST_PIECE_BYTES,
    MOST_UNTAKEN_BYTES,
    MOST_UNTAKEN_S,
    PROBE_S,
    READS,
    WAITS,
    IntakeStep,
    UnparsedFrames,
)
from tests.raw_websocket import BINARY, PING, TEXT, frame

TYPED = frame(TEXT, b"{}")
SOUND = frame(BINARY, bytes(640))
LONG = frame(BINARY, bytes(LONG_BYTES + 1))
MOST_BYTES = 10_000_000


class Client:
    """A connection with its part of *memory*."""

    def __init__(self, memory: MessageMemory | None = None, most_bytes: int = MOST_BYTES) -> None:
        self.reservation = (memory or MessageMemory()).reservation("a")
        self.frames = UnparsedFrames(self.reservation, most_bytes, 0.0)

    def sends(self, data: bytes) -> None:
        self.frames.add(data, 0)

    def parsed(self, *, wait_s: float = 0.0, untaken_bytes: int = 0) -> IntakeStep:
        """Parse the next piece; return what follows."""
        self.frames.next_piece()
        return self.frames.after_piece(wait_s, untaken_bytes, 0.0)

    def waited(self, *, wait_s: float = 0.0, are_untaken: bool = False) -> IntakeStep:
        return self.frames.after_wait(wait_s, are_untaken=are_untaken, now_s=0.0)


def test_a_few_frames_are_parsed_at_once_and_the_socket_is_read_on() -> None:
    client = Client()
    client.frames.add(SOUND + TYPED * 2, len(SOUND))
    assert client.frames.has_rest
    assert client.frames.next_piece() == (TYPED * 2, 2, False)
    assert not client.frames.has_rest
    assert client.frames.after_piece(0.0, 0, 0.0) is IntakeStep.READ
    assert not client.frames.empty(), "it did not wait"


def test_many_frames_are_parsed_piece_by_piece_while_the_socket_waits() -> None:
    client = Client()
    client.sends(TYPED * (MOST_FRAMES + 8))
    assert client.parsed() is IntakeStep.GO_ON_LATER
    assert (client.frames.fill(), client.frames.fill()) == (True, False)
    assert client.frames.state is WAITS
    assert client.frames.set_aside(TYPED), "it was read before the pause"
    assert client.waited() is IntakeStep.PARSE
    assert client.frames.next_piece() == (TYPED * 9, 9, False)
    assert client.frames.after_piece(0.0, 0, 0.0) is IntakeStep.READ
    assert (client.frames.empty(), client.frames.empty()) == (True, False)
    assert client.frames.state is READS


def test_large_messages_are_parsed_in_pieces_and_nothing_is_lost_or_repeated() -> None:
    client, stream = Client(), b"".join(frame(BINARY, bytes([n]) * 60_000) for n in range(3))
    client.sends(stream)
    client.frames.fill()
    parsed = [client.frames.next_piece()]
    assert client.frames.set_aside(SOUND)
    while client.frames.has_rest:
        parsed.append(client.frames.next_piece())
    assert b"".join(piece.data for piece in parsed) == stream + SOUND
    assert max(len(piece.data) for piece in parsed) <= MOST_PIECE_BYTES
    assert sum(piece.frames for piece in parsed) == 4


def test_a_frame_without_a_mask_ends_the_stream_behind_the_others() -> None:
    client = Client()
    client.sends(TYPED + frame(TEXT, b"x", masked=False))
    assert client.frames.next_piece() == (TYPED, 1, True)


def test_a_debt_is_waited_for() -> None:
    client = Client()
    client.sends(TYPED)
    assert client.parsed(wait_s=0.5) is IntakeStep.GO_ON_LATER
    assert client.waited(wait_s=0.2) is IntakeStep.GO_ON_LATER
    assert client.waited() is IntakeStep.READ


def test_parsed_messages_that_nobody_takes_are_waited_for() -> None:
    client = Client()
    client.sends(TYPED)
    assert client.parsed(untaken_bytes=MOST_UNTAKEN_BYTES) is IntakeStep.READ
    client.sends(TYPED)
    assert client.parsed(untaken_bytes=MOST_UNTAKEN_BYTES + 1) is IntakeStep.AWAIT_TAKEN
    assert client.waited(are_untaken=True) is IntakeStep.AWAIT_TAKEN
    assert client.frames.check_again_s(are_untaken=True) == MOST_UNTAKEN_S
    assert client.waited() is IntakeStep.READ


def test_a_long_message_is_read_on_once_there_is_memory_for_it() -> None:
    memory = MessageMemory()
    other = memory.reservation("b")
    assert other.reserve(memory.size_bytes, 0.0)
    client = Client(memory)
    client.sends(LONG)
    assert client.parsed() is IntakeStep.AWAIT_TAKEN
    assert client.frames.check_again_s(are_untaken=False) == RESERVATION_RETRY_S
    assert client.waited() is IntakeStep.AWAIT_TAKEN
    other.release()
    assert client.waited() is IntakeStep.PARSE
    assert client.reservation.held_bytes == LONG_BYTES + 1
    assert client.frames.check_again_s(are_untaken=False) == MOST_UNTAKEN_S
    client.frames.all_taken()
    assert client.reservation.held_bytes, "the message is still on its way"
    while client.frames.has_rest:
        client.frames.next_piece()
    client.frames.all_taken()
    assert not client.reservation.held_bytes


def test_a_second_long_message_waits_until_the_first_one_is_processed() -> None:
    client = Client()
    client.sends(LONG + LONG)
    while (step := client.parsed()) is IntakeStep.GO_ON_LATER:
        pass
    assert step is IntakeStep.AWAIT_TAKEN
    assert client.waited() is IntakeStep.AWAIT_TAKEN
    client.frames.all_taken()
    assert not client.reservation.held_bytes
    assert client.waited() is IntakeStep.PARSE
    assert client.reservation.held_bytes == LONG_BYTES + 1


def test_a_ping_that_is_half_read_keeps_no_memory_of_the_message_before_it() -> None:
    client = Client()
    client.sends(LONG + frame(PING, b"still there?")[:10])
    while client.frames.has_rest:
        client.parsed()
    assert client.reservation.held_bytes == LONG_BYTES + 1
    client.frames.all_taken()
    assert not client.reservation.held_bytes


def test_no_memory_is_reserved_for_a_message_that_is_refused_as_too_long() -> None:
    client = Client(most_bytes=LONG_BYTES + 1)
    client.sends(LONG)
    assert client.parsed() is IntakeStep.GO_ON_LATER
    assert not client.reservation.held_bytes


@pytest.mark.parametrize("waits", [False, True])
def test_who_is_given_up_is_dropped_and_read_for_so_many_bytes(waits: bool) -> None:
    client = Client()
    client.sends(LONG)
    assert client.parsed() is IntakeStep.GO_ON_LATER
    assert not waits or client.frames.fill()
    assert client.frames.give_up() is waits
    assert client.frames.state is DROPS
    assert not client.frames.has_rest
    assert not client.reservation.held_bytes
    assert client.frames.set_aside(bytes(MOST_DROPPED_BYTES - 1))
    assert not client.frames.set_aside(b"x")
    assert not client.frames.has_rest


def test_the_rest_of_short_messages_is_kept() -> None:
    client = Client()
    client.frames.incomplete = SOUND[:100]
    assert client.frames.with_incomplete(SOUND[100:]) == SOUND
    assert client.frames.with_incomplete(TYPED) == TYPED
    client.frames.incomplete = SOUND[:100]
    client.frames.clear()
    assert client.frames.with_incomplete(TYPED) == TYPED


def test_a_client_is_probed_now_and_then() -> None:
    frames = Client().frames
    times_s = (0.0, PROBE_S - 0.1, PROBE_S, PROBE_S + 0.1, 2 * PROBE_S + 0.1)
    assert [frames.is_probe_due(now_s) for now_s in times_s] == [False, False, True, False, True]
