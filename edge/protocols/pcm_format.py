"""The format of samples without a header, as clients name it."""

from collections.abc import Mapping
from typing import Any

from edge.protocols.session_options import whole
from runtime.audio.wav import Encoding, Format

FORMATS: Mapping[str, tuple[int, Encoding]] = {
    "s16le": (2, "pcm"),
    "s24le": (3, "pcm"),
    "s32le": (4, "pcm"),
    "f32le": (4, "float"),
    "mulaw": (1, "mulaw"),
    "alaw": (1, "alaw"),
}
"""Clients' names of formats, with the bytes and the encoding of a sample."""
PCM_NAMES = frozenset({"rate", "format"})
LEAST_HZ, MOST_HZ = 8_000, 96_000


def pcm_format(options: Mapping[str, Any], usual_hz: int) -> tuple[Format, list[str]]:
    """Return the format that *options* names, and one line for each invalid value."""
    rate_hz, (width, encoding), wrong = usual_hz, FORMATS["s16le"], []
    if (rate := options.get("rate")) is not None:
        number = whole(rate)
        if number is not None and LEAST_HZ <= number <= MOST_HZ:
            rate_hz = number
        else:
            wrong.append(f"rate must be a whole number from {LEAST_HZ} to {MOST_HZ}")
    if (name := options.get("format")) is not None:
        if isinstance(name, str) and name in FORMATS:
            width, encoding = FORMATS[name]
        else:
            wrong.append(f"format must be one of {', '.join(FORMATS)}")
    return Format(rate_hz, width=width, encoding=encoding), wrong
