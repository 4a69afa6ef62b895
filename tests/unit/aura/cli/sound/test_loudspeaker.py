"""Audio waits for the sound card, which takes so many bytes whatever there is."""

from __future__ import annotations

import numpy as np

from aura.cli.sound.loudspeaker import Loudspeaker
from schemas.audio import RATE_HZ


def tone(samples: int, level: int = 8000) -> bytes:
    return np.full(samples, level, "<i2").tobytes()


def test_audio_is_played_in_order_and_then_silence() -> None:
    speaker = Loudspeaker()
    speaker.put(tone(10, 1))
    speaker.put(tone(10, 2))
    assert speaker.read(24) == tone(10, 1) + tone(2, 2)
    assert speaker.read(24) == tone(8, 2) + bytes(8)
    assert speaker.read(24) == bytes(24)


def test_dropped_audio_is_not_played() -> None:
    speaker = Loudspeaker(48_000)
    speaker.put(tone(1000))
    speaker.drop()
    assert speaker.read(100) == bytes(100)
    speaker.put(tone(1000, 0))
    played = np.frombuffer(speaker.read(1000), "<i2")
    assert np.abs(played).max() <= 2, "nothing of it is left in the resampler"


def test_a_device_of_another_rate_gets_audio_of_the_same_length() -> None:
    speaker, samples = Loudspeaker(48_000), RATE_HZ
    for _ in range(10):
        speaker.put(tone(samples // 10))
    played = np.frombuffer(speaker.read(48_000 * 2), "<i2")
    assert np.count_nonzero(played > 7000) > 47_000


def test_the_level_is_that_of_the_audio_that_is_played() -> None:
    speaker = Loudspeaker()
    speaker.put(tone(100))
    assert speaker.level == 0.0
    speaker.read(100)
    assert speaker.level > 0.5
    speaker.read(200)
    speaker.read(200)
    assert speaker.level == 0.0
