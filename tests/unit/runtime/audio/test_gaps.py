"""Gaps in a stream of audio packets."""

from runtime.audio.gaps import GapFiller, filled_ms


def test_lost_sound_is_the_sound_before_it_and_then_silence() -> None:
    filler = GapFiller(2)
    assert filler.fill(b"ab" * 20, 0, lost=False) == b"ab" * 20
    filled = filler.fill(b"cd" * 20, 30, lost=True)
    assert filled == b"ab" * 20 + bytes(20) + b"cd" * 20
    assert filler.fill(b"ef" * 20, 30, lost=False) == bytes(60) + b"ef" * 20


def test_a_gap_is_filled_if_it_is_neither_jitter_nor_a_clock_that_jumped() -> None:
    assert [filled_ms(gap) for gap in (-5, 14, 15, 1000, 1001)] == [0, 0, 15, 1000, 0]
