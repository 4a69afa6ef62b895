"""Leading silence."""

import numpy as np

from workers.engines.piper import LEAD_MS, trimmed

RATE_HZ = 22_050


def test_leading_silence_is_cut_to_thirty_milliseconds():
    loud = np.full(RATE_HZ, 9000, np.int16)
    cut = trimmed(np.concatenate([np.zeros(RATE_HZ // 5, np.int16), loud]), RATE_HZ)
    assert RATE_HZ <= len(cut) <= RATE_HZ + RATE_HZ * (LEAD_MS + 5) // 1000


def test_sound_from_the_start_and_pure_silence_stay_as_they_are():
    for level in (9000, 0):
        samples = np.full(RATE_HZ, level, np.int16)
        assert np.array_equal(trimmed(samples, RATE_HZ), samples)
    assert len(trimmed(np.zeros(0, np.int16), RATE_HZ)) == 0
