"""The recorded sound of a session as one file for a browser."""

import io
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from runtime.audio.conversion import write_wav
from schemas.audio import RATE_HZ

SESSION_BITS_PER_SECOND = 24_000
"""The bit rate of speech in Opus: an hour has 11 MB."""


class SoundFile(NamedTuple):
    """A sound file."""

    kind: str
    """The MIME type."""
    data: bytes


def playable(sides: Mapping[str, bytes], *, has_opus: bool) -> SoundFile | None:
    """Return both *sides* (s16le mono 16 kHz) mixed into one file, or None without sound.

    The file is Opus if PyAV is installed (*has_opus*), else a WAV of ten times the size.
    """
    tracks = [np.frombuffer(pcm, "<i2") for pcm in sides.values()]
    length = max((track.size for track in tracks), default=0)
    if not length:
        return None
    both = np.zeros(length, np.int32)
    for track in tracks:
        both[: track.size] += track
    mono = np.clip(both, -32768, 32767).astype("<i2")
    if not has_opus:
        return SoundFile("audio/wav", write_wav(mono.tobytes()))
    return SoundFile("audio/webm", _opus(mono))


def _opus(samples: np.ndarray[tuple[int], np.dtype[np.int16]]) -> bytes:
    import av  # noqa: PLC0415  # an optional extra

    file = io.BytesIO()
    with av.open(file, "w", format="webm") as container:
        stream = container.add_stream("libopus", rate=RATE_HZ, layout="mono")
        stream.bit_rate = SESSION_BITS_PER_SECOND
        for at in range(0, samples.size, RATE_HZ):
            part = samples[at : at + RATE_HZ].reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(part, format="s16", layout="mono")
            frame.sample_rate = RATE_HZ
            frame.pts = at
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()
