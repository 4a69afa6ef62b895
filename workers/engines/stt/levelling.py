"""Amplifies quiet speech for the recogniser: a far microphone, a soft voice.

Whisper's features depend on the level: at -40 dBFS it mishears words that it recognises at -20.
Speech of normal loudness is not changed.
"""

from typing import Final

import numpy as np

from schemas.audio import RATE_HZ
from workers.engines.stt.whisper_postprocess import Floats

QUIET_RMS: Final = 0.03
"""The level (rms of full scale, -30 dBFS) below which speech is amplified."""
TARGET_RMS: Final = 0.09
"""The level to which it is amplified (-21 dBFS)."""
MOST_GAIN: Final = 32.0
"""The largest gain (30 dB); sound below the voice detector's gate is no speech."""
FRAME_SAMPLES: Final = RATE_HZ // 50
"""The samples of a measured frame: 20 ms."""
LOUD_PERCENTILE: Final = 80
"""The percentile of the frames' levels that stands for the level of the speech."""


def levelled(samples: Floats) -> Floats:
    """Return *samples* (float32, -1..1), amplified by one gain if they are quiet."""
    frames = samples[: len(samples) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    if not len(frames):
        return samples
    loud = float(np.percentile(np.sqrt(np.mean(frames**2, axis=1)), LOUD_PERCENTILE))
    if not 0 < loud < QUIET_RMS:
        return samples
    gain = min(TARGET_RMS / loud, 1 / float(np.abs(samples).max()), MOST_GAIN)
    return samples * np.float32(max(1.0, gain))
