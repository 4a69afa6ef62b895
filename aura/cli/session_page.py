"""A session as a self-contained page: the template filled with the session's data."""

from __future__ import annotations

import base64
import html
import json
from pathlib import Path

import numpy as np

from edge.pages import read
from runtime.sessions.listing import Row
from runtime.sessions.timeline import LANES, Moment, spans
from schemas.audio import RATE_HZ

TEMPLATE = Path(__file__).with_name("session.html")
PEAKS_A_SECOND = 50


def page(row: Row, told: list[Moment], sound: dict[str, bytes] | None = None) -> str:
    """Return the page; *sound* is the recorded audio of `caller` and `client`.

    Audio is s16le mono 16 kHz, from the start of the session.
    """
    start_ms = row.started_at_ms
    data = {
        "row": row.as_json(),
        "lanes": LANES,
        "moments": [[m.at_ms - start_ms, m.lane, m.name, m.text, m.fields] for m in told],
        "spans": [
            [s.start_ms - start_ms, s.end_ms - start_ms, s.lane, s.name, s.text, s.moment]
            for s in spans(told)
        ],
        "peaks_a_second": PEAKS_A_SECOND,
        "peaks": {lane: peaks(pcm) for lane, pcm in (sound or {}).items()},
    }
    # "</script>" among the spoken words must not end the script
    packed = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    template = TEMPLATE.read_text(encoding="utf-8")
    for place, name in (("$STYLE", "timeline.css"), ("$DRAWING", "timeline.js")):
        template = template.replace(place, read(name).decode())
    return template.replace("$TITLE", html.escape(row.session)).replace("$DATA", packed)


def peaks(pcm: bytes) -> str:
    """Return the loudness of *pcm* (s16le mono 16 kHz), a byte 20 ms, 0 to 255, as base64."""
    samples = np.abs(np.frombuffer(pcm, "<i2").astype(np.int32))
    size = RATE_HZ // PEAKS_A_SECOND
    whole = samples[: samples.size // size * size].reshape(-1, size)
    loud = whole.max(axis=1) // 128 if whole.size else np.zeros(0, np.int32)
    return base64.b64encode(np.minimum(loud, 255).astype(np.uint8).tobytes()).decode()
