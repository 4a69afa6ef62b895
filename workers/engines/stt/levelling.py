"""Quiet speech made as loud as usual for the recogniser: a far microphone, a soft voice.

Whisper takes the level of what it hears into its features: at -40 dBFS it mishears words that it
knows at -20. Speech of usual loudness is left as it is.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from schemas.audio import RATE_HZ
from workers.engines.stt.whisper_postprocess import Floats

QUIET: Final = 0.03
"""Speech whose loud parts stay below this (rms, of full scale: -30 dBFS) is levelled ..."""
USUAL: Final = 0.09
"""... to this (-21 dBFS)."""
MOST: Final = 32.0
"""The largest gain (30 dB): what is quieter than the voice detector's gate is no speech."""
FRAME: Final = RATE_HZ // 50
"""The samples of a frame whose level is measured: 20 ms."""
LOUD_SHARE: Final = 80
"""Percentile of the frames that is taken for how loud the speech is."""


def levelled(samples: Floats) -> Floats:
    """Return *samples* (float32, -1..1) as they are, or louder by one gain for all of them."""
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    if not len(frames):
        return samples
    loud = float(np.percentile(np.sqrt(np.mean(frames**2, axis=1)), LOUD_SHARE))
    if not 0 < loud < QUIET:
        return samples
    gain = min(USUAL / loud, 1 / float(np.abs(samples).max()), MOST)
    return samples * np.float32(max(1.0, gain))
