"""The sound of a session is one file that browsers play, as long as the call."""

from __future__ import annotations

import io

import numpy as np
import pytest

from aura.cli.session.session_sound import playable
from runtime.audio.conversion import read_wav
from tests.caller import buzz, silence

SIDES = {"caller": buzz(1000) + silence(1000), "client": silence(2000) + buzz(500)}


def test_both_sides_are_heard_one_after_the_other() -> None:
    sound = playable(SIDES, has_opus=False)
    assert sound is not None
    assert sound.kind == "audio/wav"
    assert read_wav(sound.data) == buzz(1000) + silence(1000) + buzz(500)


def test_two_voices_at_once_do_not_overflow() -> None:
    loud = np.full(16_000, 30_000, "<i2").tobytes()
    sound = playable({"caller": loud, "client": loud}, has_opus=False)
    assert sound is not None
    assert np.frombuffer(read_wav(sound.data), "<i2").min() == 32_767


def test_where_pyav_is_it_is_compressed() -> None:
    av = pytest.importorskip("av")
    sound = playable(SIDES, has_opus=True)
    assert sound is not None
    assert sound.kind == "audio/webm"
    with av.open(io.BytesIO(sound.data)) as container:
        frames = [frame.to_ndarray().ravel() for frame in container.decode(audio=0)]
        rate = container.streams.audio[0].rate
    heard = np.concatenate(frames)
    assert heard.size / rate == pytest.approx(2.5, abs=0.1)
    loud = [
        np.abs(heard[int(a * rate) : int(b * rate)]).max()
        for a, b in ((0.2, 0.8), (1.2, 1.8), (2.1, 2.4))
    ]
    assert loud[0] > 10 * loud[1]
    assert loud[2] > 10 * loud[1]


def test_no_sound_is_no_file() -> None:
    assert playable({}, has_opus=False) is None
    assert playable({"caller": b"", "client": b""}, has_opus=False) is None
