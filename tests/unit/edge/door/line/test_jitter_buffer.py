from __future__ import annotations

import random

from edge.door.line.jitter_buffer import JitterBuffer, PacketAudio

STAMPS = 160


def numbered(buffer: JitterBuffer, *numbers: int) -> list[str]:
    """Hand packets in, each named by its number; a gap is told as `+40`."""
    out = []
    for number in numbers:
        stamp = (number * STAMPS) % (1 << 32)
        pieces = buffer.receive(number % 65_536, stamp, str(number).encode(), 20)
        for piece in pieces:
            out += [f"{'+' if piece.lost else '~'}{piece.gap_ms}"] if piece.gap_ms else []
            out.append(piece.payload.decode())
    return out


def test_packets_in_order_go_on_at_once() -> None:
    buffer = JitterBuffer(8)
    for number in range(5):
        assert numbered(buffer, number) == [str(number)]


def test_a_late_packet_is_waited_for() -> None:
    assert numbered(JitterBuffer(8), 0, 2, 3, 1, 4) == ["0", "1", "2", "3", "4"]


def test_a_lost_packet_is_given_up_when_three_wait_for_it_and_its_length_is_told() -> None:
    assert numbered(JitterBuffer(8), 0, 2, 3) == ["0"]
    assert numbered(JitterBuffer(8), 0, 2, 3, 4, 5) == ["0", "+20", "2", "3", "4", "5"]


def test_two_losses_are_two_gaps() -> None:
    assert numbered(JitterBuffer(8), 0, 3, 4, 6, 7, 8) == [
        "0",
        "+40",
        "3",
        "4",
        "+20",
        "6",
        "7",
        "8",
    ]


def test_what_comes_twice_or_too_late_is_dropped() -> None:
    assert numbered(JitterBuffer(8), 0, 1, 1, 0, 2, 2) == ["0", "1", "2"]
    assert numbered(JitterBuffer(8), 0, 2, 3, 4, 1, 5) == ["0", "+20", "2", "3", "4", "5"]


def test_numbers_and_stamps_begin_again() -> None:
    numbers = [65_534, 65_535, 65_536, 65_537]
    assert numbered(JitterBuffer(8), *numbers) == [str(one) for one in numbers]
    buffer = JitterBuffer(8)
    end = (1 << 32) - STAMPS
    assert buffer.receive(1, end, b"a", 20) + buffer.receive(2, 0, b"b", 20) == [
        PacketAudio(b"a"),
        PacketAudio(b"b"),
    ]


def test_silence_that_was_not_sent_is_told_up_to_a_second() -> None:
    buffer = JitterBuffer(8)
    buffer.receive(0, 0, b"a", 20)
    assert buffer.receive(1, 8 * 320, b"b", 20) == [PacketAudio(b"b", 300)]
    assert buffer.receive(2, 8 * 5000, b"c", 20) == [PacketAudio(b"c")]


def test_a_sender_that_starts_anew_is_followed() -> None:
    assert numbered(JitterBuffer(8), 0, 1, 30_000, 30_001) == ["0", "1", "30000", "30001"]


def test_whatever_comes_goes_on_in_order_and_little_waits() -> None:
    for seed in range(50):
        dice = random.Random(seed)
        numbers = [n for n in range(300) if dice.random() > 0.1]
        for _ in range(60):
            at = dice.randrange(len(numbers) - 2)
            numbers[at], numbers[at + 1] = numbers[at + 1], numbers[at]
        buffer = JitterBuffer(8)
        out = [int(one) for one in numbered(buffer, *numbers) if not one.startswith("+")]
        assert out == sorted(set(out))
        assert len(out) >= len(numbers) * 0.9
        assert len(buffer._held) < 3
