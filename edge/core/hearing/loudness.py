"""How loud a sound is."""

from __future__ import annotations

import numpy as np


def rms(pcm: bytes) -> float:
    """Return the root mean square of *pcm* (s16le): 0 .. 32768."""
    samples = np.frombuffer(pcm, np.int16).astype(np.float32)
    return float(np.sqrt(np.dot(samples, samples) / samples.size)) if samples.size else 0.0
