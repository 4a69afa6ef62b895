"""A browser gets the bytes of a recording that it asks for."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from aura.cli.console import sound
from aura.cli.console.sound import SessionRecording
from aura.cli.session.session_page import PEAKS_PER_SECOND
from runtime.audio.conversion import read_wav
from runtime.bus.reader import Stored
from schemas import codec
from schemas.audio import RecordedSound

LOUD, SOFT = b"\x00\x40" * 320, b"\x00\x01" * 320
"""20 ms each: of an amplitude of 16 384, and of 256."""


def stored(side: str, from_ms: int, pcm: bytes) -> Stored:
    data = codec.encode(RecordedSound(seq=0, from_ms=from_ms, pcm=pcm))
    return Stored(f"aura.rec.t.s.{side}", 1, data, {}, "2026-01-01T00:00:00Z")


CALL = [stored("caller", 1000, LOUD + SOFT), stored("client", 1200, SOFT)]
"""The caller for 40 ms, and 160 ms later the client for 20 ms."""


def test_a_recording_is_a_wav_of_both_sides_from_its_first_sample() -> None:
    recording = SessionRecording.of(CALL)
    assert recording
    assert recording.from_ms == 1000
    samples = np.frombuffer(recording.wav[44:], "<i2").reshape(-1, 2)
    assert len(samples) == 220 * 16
    assert samples[0].tolist() == [16_384, 0]
    assert samples[-1].tolist() == [0, 256]
    assert len(read_wav(recording.wav)) == 220 * 32


def test_without_a_sound_there_is_no_recording_and_nothing_to_draw() -> None:
    other = [stored("caller", 1000, LOUD)]
    assert SessionRecording.of([Stored("aura.rec.t.s.other", 1, other[0].data, {}, "")]) is None
    assert SessionRecording.of([]) is None
    assert sound.waves([], 1000) == {"peaks_per_second": PEAKS_PER_SECOND, "peaks": {}}


def test_a_drawing_has_the_loudness_of_each_20_ms_from_the_time_that_is_asked_for() -> None:
    drawn = sound.waves(CALL, 980)["peaks"]
    loudness = {side: list(base64.b64decode(text)) for side, text in drawn.items()}
    assert loudness == {
        "caller": [0, 128, 2, *[0] * 9],
        "client": [0] * 11 + [2],
    }
    later = sound.waves(CALL, 1020)["peaks"]
    assert list(base64.b64decode(later["caller"])) == [2, *[0] * 9]


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("", None),
        ("bytes=0-", (0, 99)),
        ("bytes=10-19", (10, 19)),
        ("bytes=90-500", (90, 99)),
        ("bytes=-10", (90, 99)),
        ("bytes=-500", (0, 99)),
        ("bytes=-", None),
        ("bytes=0-1,5-6", None),
        ("lines=1-2", None),
    ],
)
def test_a_browser_gets_the_bytes_it_asks_for(header: str, part: tuple[int, int] | None) -> None:
    assert sound.byte_range(header, 100) == part


def test_bytes_that_are_not_there_are_refused() -> None:
    with pytest.raises(ValueError, match="no such bytes"):
        sound.byte_range("bytes=100-", 100)


def test_a_recording_that_is_too_long_for_a_page_is_none() -> None:
    second = stored("caller", 1000, LOUD * 50)
    most = sound.MOST_WAV_BYTES // len(second.data) + 1
    assert SessionRecording.of([second] * most) is None
