"""A stream that is resampled in chunks sounds like the whole."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.audio.conversion import AudioOut

HALF_SCALE = (np.sin(np.arange(32000) * 2 * np.pi * 440 / 16000) * 16384).astype("<i2")
CHUNK_BYTES = 32 * 64


def in_chunks(out: AudioOut, pcm: bytes, *, ends: bool = True) -> NDArray[np.int64]:
    """Return *pcm* handed out in chunks of 64 ms."""
    starts = range(0, len(pcm), CHUNK_BYTES)
    pieces = [
        out.feed(pcm[at : at + CHUNK_BYTES], more=not ends or at < starts[-1]) for at in starts
    ]
    return np.frombuffer(b"".join(pieces), "<i2").astype(np.int64)


@pytest.mark.parametrize("rate", [8000, 24000, 44100, 48000])
def test_a_tone_in_chunks_has_no_seam(rate: int) -> None:
    cut = in_chunks(AudioOut(rate), HALF_SCALE.tobytes())
    once = np.frombuffer(AudioOut(rate).feed(HALF_SCALE.tobytes()), "<i2").astype(np.int64)
    assert len(cut) == len(once) == 2 * rate, "no sample is lost"
    assert np.abs(cut - once).max() <= 2, "the resampler dithers its last bit"
    assert beside_a_tone(cut[rate // 50 : -rate // 50], rate, 440) < -75, "dB"


def beside_a_tone(samples: NDArray[np.int64], rate_hz: int, tone_hz: float) -> float:
    """Return how loud all is that is no part of a tone, in dB of it."""
    angle = np.arange(len(samples)) * 2 * np.pi * tone_hz / rate_hz
    tone = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    rest = samples - tone @ np.linalg.lstsq(tone, samples, rcond=None)[0]
    return float(20 * np.log10(rest.std() / samples.std()))


def test_each_stream_is_resampled_by_itself() -> None:
    out = AudioOut(24000)
    first, second = (in_chunks(out, HALF_SCALE.tobytes()) for _ in range(2))
    assert len(first) == len(second) == 48000
    assert np.abs(first - second).max() <= 2
    assert out.feed(b"") == b""


def test_nothing_is_left_of_a_stream_that_was_interrupted() -> None:
    out = AudioOut(24000)
    in_chunks(out, HALF_SCALE.tobytes(), ends=False)
    out.drop()
    after = np.frombuffer(out.feed(bytes(CHUNK_BYTES)), "<i2")
    assert len(after) == CHUNK_BYTES // 2 * 3 // 2
    assert not np.abs(after).max() > 1


def test_the_last_piece_of_a_stream_may_be_empty() -> None:
    out = AudioOut(24000)
    begun = in_chunks(out, HALF_SCALE.tobytes(), ends=False)
    rest = np.frombuffer(out.feed(b""), "<i2")
    assert 0 < len(rest) < 2400
    assert len(begun) + len(rest) == 48000
