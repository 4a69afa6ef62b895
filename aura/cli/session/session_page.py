"""A session as a self-contained page: the template filled with the session's data."""

import base64
import hashlib
import html
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from aura.cli.session.session_sound import playable
from edge.pages import read
from runtime.audio import media
from runtime.sessions.listing import ListedSession
from runtime.sessions.spans import spans
from runtime.sessions.timeline import LANES, Moment
from schemas.audio import RATE_HZ

SESSION_PAGE_FOLDER = Path(__file__).parent
PEAKS_PER_SECOND = 50
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; media-src blob:"
"""Of the page, beside its script: it asks for nothing, and runs nothing that words could hold."""
NO_SOUND: Mapping[str, bytes] = {}


def page(row: ListedSession, timeline: list[Moment], sides: Mapping[str, bytes] = NO_SOUND) -> str:
    """Return the page; *sides* holds the recorded audio of `caller` and `client`.

    Audio is s16le mono 16 kHz, from the start of the session.
    """
    # "</script>" in the spoken words must not end the script
    packed = json.dumps(content(row, timeline, sides), ensure_ascii=False, separators=(",", ":"))
    text = (SESSION_PAGE_FOLDER / "session.html").read_text(encoding="utf-8")
    own = (SESSION_PAGE_FOLDER / "session.js").read_bytes()
    script = "".join(map(_script, (read("timeline.js"), read("waterfall.js"), own)))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    for place, filled in (
        ("$POLICY", f"{PAGE_POLICY}; script-src 'sha256-{digest}'"),
        ("$STYLE", read("timeline.css").decode()),
        ("$SCRIPT", script),
        ("$TITLE", html.escape(row.session)),
        ("$DATA", packed.replace("<", "\\u003c")),
    ):
        text = text.replace(place, filled)
    return text


def content(
    row: ListedSession, timeline: list[Moment], sides: Mapping[str, bytes]
) -> dict[str, Any]:
    """Return the data for the page's script."""
    data = {**drawn(row, timeline), **waves(sides)}
    if sound := playable(sides, has_opus=media.available()):
        data["sound"] = {"kind": sound.kind, "data": base64.b64encode(sound.data).decode()}
    return data


def drawn(row: ListedSession, timeline: list[Moment]) -> dict[str, Any]:
    """Return what a picture of a session shows; times are ms from its beginning."""
    begin_ms = row.started_at_ms
    busy = {moment.lane for moment in timeline}
    return {
        "row": row.as_json(),
        "lanes": [lane for lane in LANES if lane != "tool" or lane in busy],
        "moments": [(m.at_ms - begin_ms, m.lane, m.name, m.text, m.fields) for m in timeline],
        "spans": [
            (s.start_ms - begin_ms, s.end_ms - begin_ms, s.lane, s.name, s.text, s.moment)
            for s in spans(timeline)
        ],
        "waits": [
            (m.at_ms - begin_ms - m.fields["first_sent_ms"], m.at_ms - begin_ms, m.turn)
            for m in timeline
            if m.name == "answer.sent" and "first_sent_ms" in m.fields
        ],
    }


def waves(sides: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the loudness of *sides* (s16le mono 16 kHz) for a picture."""
    drawn_sides = {side: peaks(pcm) for side, pcm in sides.items()}
    return {"peaks_per_second": PEAKS_PER_SECOND, "peaks": drawn_sides}


def _script(module: bytes) -> str:
    """Return *module* without imports and exports, as part of one script."""
    return module.decode().replace("\nexport ", "\n")


def peaks(pcm: bytes) -> str:
    """Return the loudness of *pcm* (s16le mono 16 kHz) as base64, a byte for each 20 ms."""
    samples = np.abs(np.frombuffer(pcm, "<i2").astype(np.int32))
    size = RATE_HZ // PEAKS_PER_SECOND
    whole = samples[: samples.size // size * size].reshape(-1, size)
    loud = whole.max(axis=1) // 128 if whole.size else np.zeros(0, np.int32)
    return base64.b64encode(np.minimum(loud, 255).astype(np.uint8).tobytes()).decode()
