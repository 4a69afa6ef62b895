"""Files as recorders write them, made by PyAV."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

NEEDS = "PyAV is not here (the extra `media`): compressed audio is not tested"


class Kind(NamedTuple):
    muxer: str
    codec: str
    rate_hz: int
    options: Mapping[str, str] = {}


FRAGMENTS = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "frag_duration": "100000"}
KINDS = {
    "a browser's webm": Kind("webm", "libopus", 48_000),
    "ogg": Kind("ogg", "libopus", 48_000, {"page_duration": "100000"}),
    "mp3": Kind("mp3", "libmp3lame", 44_100),
    "mp3 without a tag": Kind(
        "mp3", "libmp3lame", 22_050, {"id3v2_version": "0", "write_xing": "0"}
    ),
    "flac": Kind("flac", "flac", 44_100),
    "aac": Kind("adts", "aac", 44_100),
    "a browser's mp4": Kind("mp4", "aac", 48_000, FRAGMENTS),
    "mp4 with opus": Kind("mp4", "libopus", 48_000, FRAGMENTS),
    "m4a whose table comes first": Kind("mp4", "aac", 44_100, {"movflags": "faststart"}),
    "m4a whose table comes last": Kind("mp4", "aac", 44_100),
}


def recorded(pcm: bytes, kind: Kind) -> bytes:
    """Return *pcm* (s16le mono 16 kHz) as a file of *kind*."""
    import av  # noqa: PLC0415  # optional

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        with av.open(str(path), "w", format=kind.muxer, options=dict(kind.options)) as file:
            stream: Any = file.add_stream(kind.codec, rate=kind.rate_hz)
            stream.layout = "mono"
            form = stream.codec_context.codec.audio_formats[0].name
            resampler = av.AudioResampler(format=form, layout="mono", rate=kind.rate_hz)
            samples = np.frombuffer(pcm, "<i2")[None]
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
            frame.sample_rate, frame.pts = 16_000, 0
            for one in [*resampler.resample(frame), *resampler.resample(None)]:
                file.mux(stream.encode(one))
            file.mux(stream.encode(None))
        return path.read_bytes()
