"""Quiet speech is made louder for the recogniser, and no other."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from workers.engines.stt.levelling import MOST_GAIN, QUIET_RMS, TARGET_RMS, levelled


def voice(rms: float, seconds: float = 2.0) -> NDArray[np.float32]:
    """Return something as uneven as speech, whose loud half has *rms*."""
    t = np.arange(int(16_000 * seconds)) / 16_000
    syllables = np.where(np.sin(2 * np.pi * 2 * t) > 0, 1.0, 0.05)
    made: NDArray[np.float32] = (np.sin(2 * np.pi * 200 * t) * syllables * rms * np.sqrt(2)).astype(
        np.float32
    )
    return made


def rms_of(samples: NDArray[np.float32]) -> float:
    frames = samples.reshape(-1, 320)
    return float(np.percentile(np.sqrt(np.mean(frames**2, axis=1)), 80))


@pytest.mark.parametrize("rms", [QUIET_RMS * 1.1, 0.1, 0.3])
def test_speech_of_normal_loudness_is_not_changed(rms: float) -> None:
    samples = voice(rms)
    assert levelled(samples) is samples


@pytest.mark.parametrize("rms", [QUIET_RMS * 0.9, 0.01, 0.004])
def test_quiet_speech_becomes_as_loud_as_usual(rms: float) -> None:
    louder = levelled(voice(rms))
    assert rms_of(louder) == pytest.approx(TARGET_RMS, rel=0.05)
    assert louder.dtype == np.float32


def test_no_sample_leaves_the_scale_for_a_click_in_it() -> None:
    samples = voice(0.01)
    samples[100] = -0.5
    assert np.abs(levelled(samples)).max() == pytest.approx(1.0)


def test_near_silence_is_not_made_a_voice() -> None:
    hiss = voice(0.0005)
    assert rms_of(levelled(hiss)) == pytest.approx(0.0005 * MOST_GAIN, rel=0.05)


@pytest.mark.parametrize("samples", [0, 100, 16_000])
def test_silence_stays_silence(samples: int) -> None:
    nothing = np.zeros(samples, np.float32)
    assert levelled(nothing) is nothing
