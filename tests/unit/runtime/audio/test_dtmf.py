from __future__ import annotations

import numpy as np
import pytest

from runtime.audio.dtmf import COLUMNS_HZ, KEYPAD, ROWS_HZ, tones


@pytest.mark.parametrize("key", "".join(KEYPAD))
def test_a_key_is_two_tones_and_a_pause(key: str) -> None:
    pcm = np.frombuffer(tones(key, 8000), np.int16)
    assert len(pcm) == 1600
    assert not pcm[800:].any()
    spectrum = np.abs(np.fft.rfft(pcm[:800]))
    loudest = sorted(int(at) * 10 for at in np.argsort(spectrum)[-2:])  # 10 Hz apart
    row = next(number for number, line in enumerate(KEYPAD) if key in line)
    assert loudest == pytest.approx([ROWS_HZ[row], COLUMNS_HZ[KEYPAD[row].index(key)]], abs=10)
    assert np.abs(pcm).max() < 17_000


def test_keys_follow_each_other() -> None:
    assert tones("12", 8000) == tones("1", 8000) + tones("2", 8000)
