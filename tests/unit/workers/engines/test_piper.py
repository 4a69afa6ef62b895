"""Leading silence."""

import numpy as np

from workers.engines.piper import LEAD_MS, without_lead

RATE_HZ = 22_050


def cut(*pieces):
    return np.concatenate([np.zeros(0, np.int16), *without_lead(pieces, RATE_HZ)])


def test_leading_silence_is_cut_to_thirty_milliseconds_wherever_the_pieces_end():
    silence, loud = np.zeros(RATE_HZ // 5, np.int16), np.full(RATE_HZ, 9000, np.int16)
    whole = np.concatenate([silence, loud])
    expected = cut(whole)
    assert RATE_HZ <= len(expected) <= RATE_HZ + RATE_HZ * (LEAD_MS + 5) // 1000
    for size in (1000, 3000, RATE_HZ // 5, RATE_HZ):
        pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
        assert np.array_equal(cut(*pieces), expected)


def test_sound_is_given_as_soon_as_there_is_some():
    pieces = iter([np.zeros(3000, np.int16), np.full(3000, 9000, np.int16), None])
    assert len(next(without_lead(pieces, RATE_HZ))) > 3000
    assert next(pieces) is None


def test_sound_from_the_start_and_pure_silence_stay_as_they_are():
    for level in (9000, 0):
        samples = np.full(RATE_HZ, level, np.int16)
        assert np.array_equal(cut(samples), samples)
    assert len(cut(np.zeros(0, np.int16))) == 0
