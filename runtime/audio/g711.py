"""Telephone audio: one byte a sample, by mu-law or A-law (ITU-T G.711)."""

from collections.abc import Mapping
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Law = Literal["mulaw", "alaw"]
LINE_HZ = 8_000
"""The sample rate of a telephone line."""


def _mulaw() -> NDArray[np.float64]:
    """Return the sample of each mu-law byte (ITU-T G.711)."""
    code = ~np.arange(256, dtype=np.uint8)
    exponent, mantissa = (code >> 4 & 7).astype(np.int32), (code & 15).astype(np.int32)
    size = (((mantissa << 3) + 132) << exponent) - 132
    return np.where(code & 128, -size, size).astype(np.float64)


def _alaw() -> NDArray[np.float64]:
    """Return the sample of each A-law byte (ITU-T G.711)."""
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    exponent, mantissa = (code >> 4 & 7).astype(np.int32), (code & 15).astype(np.int32)
    base = (mantissa << 4) + np.where(exponent, 264, 8)
    size = base << np.maximum(exponent - 1, 0)
    return np.where(code & 128, size, -size).astype(np.float64)


LAWS: Mapping[str, NDArray[np.float64]] = {"mulaw": _mulaw(), "alaw": _alaw()}
"""The sample of each byte, by the name of the law."""


@cache
def _codes(law: Law) -> NDArray[np.uint8]:
    """Return the byte for each 16-bit sample from -32768 on: the byte whose sample is nearest.

    Of two equally near samples the higher counts: silence is 0xFF or 0xD5, as in other encoders.
    """
    order = np.argsort(LAWS[law], kind="stable")
    levels = LAWS[law][order]
    middles = (levels[:-1] + levels[1:]) / 2
    at = np.searchsorted(middles, np.arange(-32768, 32768), side="right")
    return order[at].astype(np.uint8)


def encode(pcm: bytes, law: Law) -> bytes:
    """Return s16le samples as bytes of *law*."""
    samples = np.frombuffer(pcm, "<i2").astype(np.int32)
    return _codes(law)[samples + 32768].tobytes()
